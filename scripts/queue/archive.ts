/** An archive of images that are not there, for runs in which volume counts. */
import { join } from 'node:path';
import { disk } from '../../src/host/disk.ts';
import { writePlan } from '../../src/shards/archive.ts';
import type { ShardSize } from '../../src/shards/cut.ts';
import type { Input } from '../../src/shards/input.ts';
import { LineWriter } from '../../src/shards/line_files.ts';
import { listInputs } from '../../src/shards/list_inputs.ts';
import type { Plan, PlanHead } from '../../src/shards/plan.ts';
import type { ShardDoer } from '../../src/shards/work.ts';

/** Writes a list of rows: an order without a pattern, as the multiplier has no divisor in common with a power of ten. */
export async function writeList(path: string, rows: number): Promise<void> {
  const writer = await LineWriter.open(disk, path);
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

/** Plans a list in a folder. */
export function planList(list: string, out: string, size?: ShardSize): Promise<Plan> {
  const request = { sources: [list], columns: { path: null, patient: null }, group: null, root: null };
  return writePlan(disk, out, HEAD, listInputs(disk, request), { size });
}

/** A plan of so many shards of one image. */
export async function smallPlan(folder: string, shards: number): Promise<Plan> {
  const list = join(folder, 'list.txt');
  const paths = Array.from({ length: shards }, (_, i) => `/archive/${i}.png\n`);
  await disk.writeFile(list, paths.join(''));
  return planList(list, join(folder, 'plan'), { least: 1, most: 1 });
}

/** Scores that are made of names alone. */
export const STAND_IN: ShardDoer = {
  async do(_, inputs: readonly Input[]) {
    const row = (path: string) => ({ sha256: '', cells: [String(path.length / 100), ''] });
    return { adapter: 'stand-in', rows: inputs.map(({ path }) => row(path)) };
  },
};
