/** `npm run full` in Deno and Node. */
import { createNodeHost } from '../../src/host/node.ts';
import { runProgram } from '../../src/host/run_program.ts';
import { full } from './full_program.ts';

const host = createNodeHost();
await runProgram(host, () => full(host, host.args));
