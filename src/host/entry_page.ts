/** The start of `dist/page/index.html`: the command line in a Chrome page. */
import { main } from '../cli/main.ts';
import { createPageHost } from './chrome_page.ts';
import { runProgram } from './run_program.ts';

await runProgram(await createPageHost(), main);
