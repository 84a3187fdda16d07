/** Runs benches in Deno straight from the sources; started by bench/main.ts, which finds the Vulkan driver. */
import { readdirSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { describeAdapter } from '../src/gpu/adapter.ts';
import { Gpu } from '../src/gpu/gpu.ts';
import { createNodeHost } from '../src/host/node.ts';
import { runBenches } from './harness.ts';
import { registeredBenches } from './registry.ts';

const args = process.argv.slice(2);
const json = args.includes('--json') ? args.splice(args.indexOf('--json'), 2)[1] : undefined;
const folder = new URL('kernels/', import.meta.url);
const files = readdirSync(folder)
  .filter((f) => f.endsWith('.bench.ts') && (args.length === 0 || args.some((pattern) => f.includes(pattern))))
  .sort();
if (files.length === 0) throw new Error(`no file of bench/kernels matches ${args.join(' ')}`);
for (const file of files) await import(new URL(file, folder).href);

const host = createNodeHost();
const gpu = await Gpu.create(await host.gpu(), { profile: true });
console.log(describeAdapter(gpu.facts));
const report = await runBenches(gpu, registeredBenches(), (text) => console.log(text));
if (json) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
gpu.destroy();
await host.exit(0);
