/** The start of `dist/page/index.html`: the command line in a Chrome page. */

import { createPageHost } from '../host/chrome_page.ts';
import { runProgram } from '../host/run_program.ts';
import { main } from './main.ts';

await runProgram(await createPageHost(), main);
