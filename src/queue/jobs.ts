import type { Queue } from 'bullmq';
import { sha256 } from '../base/sha256.ts';
import type { Plan, Shard } from '../shards/plan.ts';

/** The queue's name, also in dashboards. */
export const QUEUE = 'fusionclip';

/**
 * What a job says. Redis keeps a job in 64 bytes a field, or else needs four times as much: so the path of a plan stands there once,
 * under its tag, and a job is named by 16 letters. No input and no result gets there.
 */
export interface ShardJob {
  /** Tag of the plan. */
  readonly plan: string;
  /** Number of the shard when it was put in. */
  readonly at: number;
}

/** What tells the jobs of a plan, by its path, from those of others: two plans may have a shard in common. */
export async function planTag(path: string): Promise<string> {
  return (await sha256(new TextEncoder().encode(path))).slice(0, 8);
}

/** The name of the job of a shard: 96 bits as letters. */
export async function jobName(tag: string, { id }: Pick<Shard, 'id'>): Promise<string> {
  const hash = await sha256(new TextEncoder().encode(`${tag}\n${id}`));
  const bytes = Array.from({ length: 12 }, (_, i) =>
    String.fromCharCode(Number.parseInt(hash.slice(2 * i, 2 * i + 2), 16)),
  );
  return btoa(bytes.join('')).replaceAll('+', '-').replaceAll('/', '_');
}

/** The shard of a job; null where the plan has it no more. */
export async function shardOfJob(plan: Plan, name: string, { plan: tag, at }: ShardJob): Promise<Shard | null> {
  for await (const shard of plan.shards(Math.min(at, plan.facts.shards), Math.min(at + 1, plan.facts.shards))) {
    if ((await jobName(tag, shard)) === name) return shard;
  }
  for await (const shard of plan.shards()) if ((await jobName(tag, shard)) === name) return shard;
  return null;
}

/** Says in Redis where the plan of a tag lies. */
export async function writePlace(queue: Queue<ShardJob>, tag: string, path: string): Promise<void> {
  await (await queue.backend.client).hset(queue.toKey(PLACES), { [tag]: path });
}

/** Where the plan of a tag lies; null where Redis does not know it any more. */
export async function readPlace(queue: Queue<ShardJob>, tag: string): Promise<string | null> {
  return (await readPlaces(queue))[tag] ?? null;
}

/** Where the plans of all tags lie. */
export async function readPlaces(queue: Queue<ShardJob>): Promise<Readonly<Record<string, string>>> {
  return (await queue.backend.client).hgetall(queue.toKey(PLACES));
}

const PLACES = 'plans';
