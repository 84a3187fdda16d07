import type { FusionclipError } from '../../src/base/errors.ts';
import { sha256 } from '../../src/base/sha256.ts';
import { writePlan } from '../../src/shards/archive.ts';
import type { Input } from '../../src/shards/input.ts';
import type { Plan, PlanHead } from '../../src/shards/plan.ts';
import type { ShardDoer, ShardResult } from '../../src/shards/work.ts';
import type { MemoryFileSystem } from '../data/memory_file_system.ts';

/** Scores inputs by their names alone. */
export class StandIn implements ShardDoer {
  /** Ids of the shards that were done, in order. */
  readonly done: string[] = [];
  /** What a shard comes to in place of its scores, by its number. */
  readonly failures: Map<number, FusionclipError>;
  readonly adapter: string;

  constructor(failures: Iterable<readonly [number, FusionclipError]> = [], adapter = 'stand-in') {
    this.failures = new Map(failures);
    this.adapter = adapter;
  }

  async do({ id, number }: { id: string; number: number }, inputs: readonly Input[]): Promise<ShardResult> {
    const failure = this.failures.get(number);
    if (failure) throw failure;
    this.done.push(id);
    const rows = await Promise.all(inputs.map(({ path }) => rowOf(path)));
    return { adapter: this.adapter, rows };
  }
}

async function rowOf(path: string) {
  const hash = await sha256(new TextEncoder().encode(path));
  if (path.includes('bad')) return { sha256: '', cells: ['', `${path}: "no image", says the reader`] };
  return { sha256: hash, cells: [String(Number.parseInt(hash.slice(0, 8), 16) / 2 ** 32), ''] };
}

/** A plan of the given inputs in memory. */
export async function planOf(
  fs: MemoryFileSystem,
  inputs: readonly Partial<Input>[],
  { out = '/plan', least = 3, most = 6, config = { model: 'a' } } = {},
): Promise<Plan> {
  const head: PlanHead = {
    plan: 'archive',
    config,
    places: {},
    columns: [
      { name: 'score', type: 'number' },
      { name: 'error', type: 'text' },
    ],
    sorted: true,
  };
  async function* listed() {
    yield inputs.map((input): Input => ({ path: '', patient: '', images: 1, ...input }));
  }
  return writePlan(fs, out, head, listed(), { size: { least, most } });
}

/** All shards of a plan. */
export async function shardsOf(plan: Plan) {
  const out = [];
  for await (const shard of plan.shards()) out.push(shard);
  return out;
}

/** Inputs of eight patients, out of order, one of them twice, with names that need care. */
export const INPUTS = Array.from({ length: 24 }, (_, i) => ({
  path: `/a/${(i * 7) % 24}.png`,
  patient: `p${i % 8}`,
})).concat([
  { path: '/a/7.png', patient: 'p1' },
  { path: '/a/a, "b"\n\\n.png', patient: '=1+1' },
  { path: '/a/bad.png', patient: '' },
]);
