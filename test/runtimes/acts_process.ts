/** The acts of launch.test.ts in Deno and Node. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createNodeHost } from '../../src/host/node.ts';
import { runProgram } from '../../src/host/run_program.ts';
import { acts } from './acts.ts';

const script = fileURLToPath(import.meta.url);
const folder = dirname(script);
const bundle = { script, page: join(folder, 'acts_page'), command: [join(folder, 'launch.js'), 'acts'] };
const probe = async (args: readonly string[]) =>
  (await import('../../src/launch/probe.ts')).probeRuntimes(bundle, args);
await runProgram(createNodeHost({ probe }), acts);
