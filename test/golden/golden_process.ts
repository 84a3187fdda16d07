/** `npm run golden` in Deno and Node. */
import { createNodeHost } from '../../src/host/node.ts';
import { runProgram } from '../../src/host/run_program.ts';
import { golden } from './program.ts';

const host = createNodeHost();
await runProgram(host, () => golden(host, host.args));
