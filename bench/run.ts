/** Runs benches in Deno straight from the sources; started by bench/main.ts, which finds the Vulkan driver. */
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { presetConfig } from '../src/clip/index.ts';
import { describeAdapter } from '../src/gpu/adapter.ts';
import { Gpu } from '../src/gpu/gpu.ts';
import { dawnEntry } from '../src/host/dawn.ts';
import { createNodeHost } from '../src/host/node.ts';
import { type BenchReport, runBenches } from './harness.ts';
import { machine, maker, store } from './machine.ts';
import { countOperations, formatOperations } from './operations.ts';
import { registeredBenches } from './registry.ts';

const args = process.argv.slice(2);
const take = (name: string) => (args.includes(name) ? args.splice(args.indexOf(name), 2)[1] : undefined);
const chosenJson = take('--json');
const driver = take('--driver-note') ?? '';
const dawn = args.includes('--dawn') && args.splice(args.indexOf('--dawn'), 1).length > 0;
const wanted = (name: string) => args.length === 0 || args.some((pattern) => name.includes(pattern));
const files = ['kernels', 'models'].flatMap((folder) =>
  readdirSync(new URL(`${folder}/`, import.meta.url))
    .filter((file) => file.endsWith('.bench.ts'))
    .map((file) => `${folder}/${file}`)
    .filter(wanted)
    .sort(),
);
const counts = wanted('operations');
if (files.length === 0 && !counts) throw new Error(`no bench matches ${args.join(' ')}`);
for (const file of files) await import(new URL(file, import.meta.url).href);

const host = createNodeHost();
const gpu = await Gpu.create(await (dawn ? dawnEntry() : host.gpu()), { profile: true });
console.log(describeAdapter(gpu.facts));
const operations = counts ? await countOperations(presetConfig('ViT-L-14'), 240) : [];
if (counts) console.log(`\noperations of a training step, ViT-L/14\n${formatOperations(operations)}`);
const timed = await runBenches(gpu, registeredBenches(), (text) => console.log(text));
// A part of the benches is stored only where --json says, so that it does not replace the whole.
const name = `${dawn ? 'dawn' : host.runtime}_${gpu.facts.class}_${maker()}`;
const standard = new URL(`results/${name}.json`, import.meta.url);
const json = chosenJson ?? (args.length === 0 ? fileURLToPath(standard) : null);
if (json) {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const report: BenchReport = {
    ...{
      date: new Date().toISOString(),
      runtime: `${host.runtime} ${host.version}${dawn ? ' with Dawn' : ''}`,
      version,
      driver,
    },
    machine: machine(),
    ...{ adapter: gpu.facts, ...timed, operations },
  };
  store(json, report);
  console.log(`stored in ${json}`);
}
await gpu.destroy();
await host.exit(0);
