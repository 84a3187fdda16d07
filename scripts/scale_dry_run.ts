/**
 * `npm run scale:dry -- [--rows N] [--keep DIR]`: plans, works and merges an archive of N images that are not there: a list in random
 * order, scores of a stand-in. Prints seconds, bytes and the most memory that this process had by then.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { disk } from '../src/host/disk.ts';
import { writePlan } from '../src/shards/archive.ts';
import type { Input } from '../src/shards/input.ts';
import { LineWriter } from '../src/shards/line_files.ts';
import { listInputs } from '../src/shards/list_inputs.ts';
import { mergePlan } from '../src/shards/merged_files.ts';
import type { PlanHead } from '../src/shards/plan.ts';
import { type ShardDoer, workShards } from '../src/shards/work.ts';

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

/** Of the row i: an order without a pattern, as the multiplier has no divisor in common with a power of ten. */
async function writeList(): Promise<void> {
  const writer = await LineWriter.open(disk, list);
  writer.add('patient,path\n');
  for (let i = 0; i < rows; i++) {
    const image = (i * 7_368_787) % rows;
    const patient = Math.floor(image / 12);
    const line = `p${patient},/archive/${patient % 1000}/p${patient}/${image}.png\n`;
    if (writer.add(line)) await writer.flush();
  }
  await writer.close();
}

const HEAD: PlanHead = {
  plan: 'archive',
  config: { model: 'a stand-in' },
  places: {},
  columns: [
    { name: 'score', type: 'number' },
    { name: 'error', type: 'text' },
  ],
  sorted: true,
};

/** Scores that take no time, and no bytes of images. */
const STAND_IN: ShardDoer = {
  async do(_, inputs: readonly Input[]) {
    const row = (path: string) => ({ sha256: '', cells: [String(path.length / 100), ''] });
    return { adapter: 'stand-in', rows: inputs.map(({ path }) => row(path)) };
  },
};

try {
  await writeList();
  say('a list', size(list));
  const sources = [list];
  const request = { sources, columns: { path: null, patient: null }, group: null, root: null };
  const plan = await writePlan(disk, out, HEAD, listInputs(disk, request));
  say('plan', size(join(out, 'inputs.txt')) + size(join(out, 'shards.txt')));
  await workShards({ fs: disk, runtime: 'dry' }, plan, plan.shards(), STAND_IN);
  say('work', 0);
  const { merged, results } = await mergePlan(disk, plan);
  say('merge', size(results!));
  console.log(`${merged.rows} of ${plan.facts.inputs} inputs, each exactly once, in ${merged.shards} shards`);
  if (merged.rows !== rows) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
