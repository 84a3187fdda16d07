import type { Queue } from 'bullmq';
import type { FileSystem } from '../base/file_system.ts';
import { hasPart } from '../shards/parts.ts';
import type { Plan } from '../shards/plan.ts';
import { jobName, planTag, type ShardJob, writePlace } from './jobs.ts';

/** How shards are tried. */
export interface FeedOptions {
  /** Path of the plan as the workers see it. */
  readonly path: string;
  /** Times that a shard is tried before it is put aside. */
  readonly tries: number;
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

/** The workers know how long a shard waits for another try. */
export const BACKOFF = 'w';
/** Jobs that are added at once. */
const BATCH = 1000;

/** Puts a job into the queue for each shard without a part. What is in the queue stays as it is, so it can be called again at any time. */
export async function feed(queue: Queue<ShardJob>, fs: FileSystem, plan: Plan, options: FeedOptions): Promise<Fed> {
  const { path, tries, again } = options;
  const tag = await planTag(path);
  await writePlace(queue, tag, path);
  const aside = await putAside(queue, tag);
  if (again) {
    for (const name of aside) await queue.remove(name);
    aside.clear();
  }
  let [done, added, missing] = [0, 0, 0];
  let batch: { name: string; data: ShardJob; opts: object }[] = [];
  const flush = async () => {
    if (batch.length > 0) await queue.addBulk(batch);
    added += batch.length;
    batch = [];
  };
  for await (const shard of plan.shards()) {
    if (await hasPart(fs, plan, shard)) {
      done++;
      continue;
    }
    const jobId = await jobName(tag, shard);
    const opts = { jobId, attempts: tries, backoff: { type: BACKOFF } };
    if (aside.has(jobId)) missing++;
    else batch.push({ name: 's', data: { plan: tag, at: shard.number }, opts });
    if (batch.length === BATCH) await flush();
  }
  await flush();
  return { done, added, aside: missing };
}

/**
 * Whether all shards of a plan are done or put aside, whatever else the queue holds. In order, each is looked at until it is, so that asking
 * costs little.
 */
export async function endOf(
  queue: Pick<Queue<ShardJob>, 'getJobState'>,
  fs: FileSystem,
  plan: Plan,
  path: string,
): Promise<() => Promise<boolean>> {
  const tag = await planTag(path);
  let at = 0;
  return async () => {
    for await (const shard of plan.shards(at)) {
      const isOver =
        (await hasPart(fs, plan, shard)) || (await queue.getJobState(await jobName(tag, shard))) === 'failed';
      if (!isOver) return false;
      at = shard.number + 1;
    }
    return true;
  };
}

/** Names of the jobs of a plan that were put aside. */
async function putAside(queue: Queue<ShardJob>, tag: string): Promise<Set<string>> {
  const out = new Set<string>();
  const count = await queue.getFailedCount();
  for (let at = 0; at < count; at += BATCH) {
    for (const job of await queue.getFailed(at, at + BATCH - 1)) if (job?.id && job.data.plan === tag) out.add(job.id);
  }
  return out;
}
