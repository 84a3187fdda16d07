/** The losses of `npm run torture` in Deno and Node. */
import { createNodeHost } from '../../src/host/node.ts';
import { runProgram } from '../../src/host/run_program.ts';
import { losses } from './losses.ts';

await runProgram(createNodeHost(), losses);
