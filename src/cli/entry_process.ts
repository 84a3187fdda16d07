/** The start of `dist/cli.js`: the command line in Deno and Node. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createNodeHost } from '../host/node.ts';
import { runProgram } from '../host/run_program.ts';
import { listAdapters } from '../launch/adapters.ts';
import { startAnother } from '../launch/another.ts';
import { main } from './main.ts';

const script = fileURLToPath(import.meta.url);
const dist = dirname(script);
const bundle = { script, page: join(dist, 'page'), command: [join(dist, '..', 'bin', 'fusionclip.mjs')] };
const probe = async (args: readonly string[]) => (await import('../launch/probe.ts')).probeRuntimes(bundle, args);
const another = (args: readonly string[]) => startAnother(script, args);
await runProgram(createNodeHost({ probe, adapters: listAdapters, another }), main);
