/** The suites in Deno and Node. */
import { createNodeHost } from '../../src/host/node.ts';
import { runProgram } from '../../src/host/run_program.ts';
import { program } from './program.ts';

await runProgram(createNodeHost(), program);
