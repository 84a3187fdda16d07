/** The suites in a Chrome page. */
import { createPageHost } from '../../src/host/chrome_page.ts';
import { runProgram } from '../../src/host/run_program.ts';
import { suites } from './suites_program.ts';

await runProgram(await createPageHost(), suites);
