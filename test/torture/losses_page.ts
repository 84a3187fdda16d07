/** The losses of `npm run torture` in a Chrome page. */
import { createPageHost } from '../../src/host/chrome_page.ts';
import { runProgram } from '../../src/host/run_program.ts';
import { losses } from './losses.ts';

await runProgram(await createPageHost(), losses);
