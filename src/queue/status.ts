import type { Queue } from 'bullmq';
import type { Host } from '../host/host.ts';
import { readFailure } from '../shards/parts.ts';
import { Plan } from '../shards/plan.ts';
import { readPlace, type ShardJob, shardOfJob } from './jobs.ts';

/** How the queue stands. */
export interface QueueStatus {
  readonly waiting: number;
  /** In work now. */
  readonly active: number;
  /** That wait for another try. */
  readonly delayed: number;
  readonly aside: number;
  /** Shards that workers have ended since the queue began. */
  readonly done: number;
  /** Shards a minute in the last whole minutes; null where there are none yet. */
  readonly rate: number | null;
  readonly workers: number | null;
  /** Some of those that were put aside. */
  readonly reasons: readonly {
    readonly plan: string | null;
    readonly id: string | null;
    readonly tries: number;
    readonly reason: string | null;
    readonly short: string;
  }[];
}

/** Minutes that the rate is of. */
const LATEST = 5;

/** How the queue stands, with the reasons of the first shards that were put aside. */
export async function queueStatus(host: Host, queue: Queue<ShardJob>, reasons = 10): Promise<QueueStatus> {
  const { waiting, active, delayed, prioritized, failed } = await queue.getJobCounts(
    ...(['waiting', 'active', 'delayed', 'prioritized', 'failed'] as const),
  );
  const { meta, data } = await queue.getMetrics('completed', 0, LATEST - 1);
  const aside = await queue.getFailed(0, reasons - 1);
  return {
    waiting: waiting + prioritized,
    ...{ active, delayed, aside: failed, done: meta.count },
    rate: data.length === 0 ? null : data.reduce((sum, count) => sum + count, 0) / data.length,
    workers: await queue.getWorkersCount().catch(() => null),
    reasons: await Promise.all(
      aside.map(async ({ id = '', data, attemptsMade: tries, failedReason }) => {
        const plan = await readPlace(queue, data.plan);
        return { plan, tries, ...(await wholeReason(host, plan, id, data)), short: failedReason };
      }),
    ),
  };
}

/** The shard that was put aside, and the sentence of its plan; null where that cannot be read here. */
async function wholeReason(host: Host, path: string | null, name: string, job: ShardJob) {
  try {
    const plan = await Plan.open(host, path ?? '');
    const shard = await shardOfJob(plan, name, job);
    if (shard) return { id: shard.id, reason: (await readFailure(host, plan, shard))?.reason ?? null };
  } catch {}
  return { id: null, reason: null };
}
