import type { Queue } from 'bullmq';
import type { FileSystem } from '../base/file_system.ts';
import { sha256 } from '../base/sha256.ts';
import { isDone } from '../shards/parts.ts';
import type { Plan, Shard } from '../shards/plan.ts';
import type { ShardJob } from './connect.ts';

/** How shards are tried. */
export interface FeedOptions {
  /** Path of the plan as the workers see it. */
  readonly path: string;
  /** Times that a shard is tried before it is put aside. */
  readonly tries: number;
  /** Seconds before the second try; each further one waits twice as long. */
  readonly backoff: number;
  /** Whether shards that were put aside are tried once more. */
  readonly again: boolean;
}

/** What feeding found. */
export interface Fed {
  /** Shards whose part is there. */
  readonly done: number;
  /** Jobs that were asked for; of those that the queue has there is no second one. */
  readonly added: number;
  /** Shards that have been put aside. */
  readonly aside: number;
}

/** Jobs that are added at once. */
const BATCH = 1000;

/** Puts a job into the queue for each shard without a part. What is in the queue stays as it is, so it can be called again at any time. */
export async function feed(
  queue: Pick<Queue, 'addBulk' | 'getFailed' | 'getFailedCount' | 'remove'>,
  fs: FileSystem,
  plan: Plan,
  options: FeedOptions,
): Promise<Fed> {
  const { path, tries, backoff, again } = options;
  const tag = await planTag(path);
  const aside = await putAside(queue, tag);
  if (again) {
    for (const name of aside) await queue.remove(name);
    aside.clear();
  }
  const opts = {
    attempts: tries,
    backoff: { type: 'exponential', delay: backoff * 1000, jitter: 0.5 },
    removeOnComplete: true,
    stackTraceLimit: 0,
  };
  let [done, added, missing] = [0, 0, 0];
  let batch: { name: string; data: ShardJob; opts: object }[] = [];
  const flush = async () => {
    if (batch.length > 0) await queue.addBulk(batch);
    added += batch.length;
    batch = [];
  };
  for await (const shard of plan.shards()) {
    if (await isDone(fs, plan, shard)) done++;
    else if (aside.has(jobId(shard, tag))) missing++;
    else
      batch.push({
        name: 'shard',
        data: { plan: path, id: shard.id, at: shard.number },
        opts: { ...opts, jobId: jobId(shard, tag) },
      });
    if (batch.length === BATCH) await flush();
  }
  await flush();
  return { done, added, aside: missing };
}

/** Two plans may have a shard in common: their jobs differ by what this makes of the plan's path. */
async function planTag(path: string): Promise<string> {
  return (await sha256(new TextEncoder().encode(path))).slice(0, 8);
}

function jobId({ id }: Pick<Shard, 'id'>, tag: string): string {
  return `${id}-${tag}`;
}

/** Names of the jobs of a plan that were put aside. */
async function putAside(queue: Pick<Queue, 'getFailed' | 'getFailedCount'>, tag: string): Promise<Set<string>> {
  const out = new Set<string>();
  const count = await queue.getFailedCount();
  for (let at = 0; at < count; at += BATCH) {
    for (const job of await queue.getFailed(at, at + BATCH - 1)) if (job?.id?.endsWith(`-${tag}`)) out.add(job.id);
  }
  return out;
}
