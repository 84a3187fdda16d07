/**
 * `npm run scale:dry -- [--rows N] [--keep DIR]`: plans, works and merges an archive of N images that are not there: a list in random
 * order, scores of a stand-in. Prints seconds, bytes and the most memory that this process had by then.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { disk } from '../src/host/disk.ts';
import { mergePlan } from '../src/shards/merged_files.ts';
import { workShards } from '../src/shards/work.ts';
import { planList, STAND_IN, writeList } from './queue/archive.ts';

const flag = (name: string) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? null : process.argv[at + 1];
};
const rows = Number(flag('rows') ?? 1e6);
const folder = mkdtempSync(join(flag('keep') ?? tmpdir(), 'fusionclip-scale-'));
const list = join(folder, 'list.csv');
const out = join(folder, 'plan');
let start = performance.now();

function say(what: string, bytes: number): void {
  const seconds = (performance.now() - start) / 1000;
  const memory = process.resourceUsage().maxRSS / 2 ** 10;
  const rate = Math.round(rows / seconds).toLocaleString('en');
  console.log(
    `${what.padEnd(8)} ${seconds.toFixed(1).padStart(8)} s ${rate.padStart(12)} rows/s ${(bytes / 2 ** 20).toFixed(0).padStart(8)} MiB on disk, most memory so far ${memory.toFixed(0)} MiB`,
  );
  start = performance.now();
}

const size = (path: string) => statSync(path).size;

/** Bytes of the files in a folder and below. */
function sizeOf(folder: string): number {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries.reduce((sum, one) => sum + (one.isFile() ? size(join(one.parentPath, one.name)) : 0), 0);
}

try {
  await writeList(list, rows);
  say('a list', size(list));
  const plan = await planList(list, out);
  say('plan', size(join(out, 'inputs.txt')) + size(join(out, 'shards.txt')));
  await workShards({ fs: disk, runtime: 'dry' }, plan, plan.shards(), STAND_IN);
  say('work', sizeOf(join(out, 'parts')));
  const { merged, results } = await mergePlan(disk, plan);
  say('merge', size(results!));
  console.log(`${merged.rows} of ${plan.facts.inputs} inputs, each exactly once, in ${merged.shards} shards`);
  if (merged.rows !== rows) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
