/** `npm run full` in a Chrome page. */
import { createPageHost } from '../../src/host/chrome_page.ts';
import { runProgram } from '../../src/host/run_program.ts';
import { full } from './full_program.ts';

const host = await createPageHost();
await runProgram(host, () => full(host, host.args));
