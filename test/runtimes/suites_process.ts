/** The suites in Deno and Node. */
import { createNodeHost } from '../../src/host/node.ts';
import { runProgram } from '../../src/host/run_program.ts';
import { suites } from './suites_program.ts';

await runProgram(createNodeHost(), suites);
