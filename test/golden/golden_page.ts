/** `npm run golden` in a Chrome page. */
import { createPageHost } from '../../src/host/chrome_page.ts';
import { runProgram } from '../../src/host/run_program.ts';
import { golden } from './program.ts';

const host = await createPageHost();
await runProgram(host, () => golden(host, host.args));
