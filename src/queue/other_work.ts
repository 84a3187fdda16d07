import type { Queue } from 'bullmq';
import type { FileSystem } from '../base/file_system.ts';
import { hasPart } from '../shards/parts.ts';
import { Plan } from '../shards/plan.ts';
import { jobName, type ShardJob } from './jobs.ts';

/** States of jobs that wait for a worker. */
const WAITS: ReadonlySet<string> = new Set(['waiting', 'delayed', 'prioritized']);

/**
 * Whether the queue holds a shard, of another plan than that of a tag, which a worker finds: then what it misses of this plan does not end it.
 * What is done stays so, and is looked at once.
 * @param own where plans lie for the worker; null: where the queue has them
 */
export function otherWork(
  queue: Pick<Queue<ShardJob>, 'getJobState'>,
  fs: FileSystem,
  placesOf: () => Promise<Readonly<Record<string, string>>>,
  own: string | null,
): (tag: string) => Promise<boolean> {
  const done = new Map<string, { readonly hash: string; at: number }>();
  return async (tag) => {
    for (const [other, place] of Object.entries(await placesOf())) {
      if (other === tag) continue;
      try {
        const plan = await Plan.open(fs, own ?? place);
        let from = done.get(other);
        if (from?.hash !== plan.facts.index) from = { hash: plan.facts.index, at: 0 };
        done.set(other, from);
        for await (const shard of plan.shards(from.at)) {
          if (await hasPart(fs, plan, shard)) {
            if (shard.number === from.at) from.at++;
          } else if (WAITS.has(await queue.getJobState(await jobName(other, shard)))) return true;
        }
      } catch {} // it is not here either, or goes away just now
    }
    return false;
  };
}
