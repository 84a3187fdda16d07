import type { Job } from 'bullmq';
import type { FusionclipError } from '../base/errors.ts';
import type { Host } from '../host/host.ts';
import { type Connection, refusedByRedis, sayOutages } from './connect.ts';
import { QUEUE, readPlace, readPlaces, type ShardJob } from './jobs.ts';
import { otherWork } from './other_work.ts';
import type { ShardWorker } from './shard_worker.ts';

/** How a worker takes jobs. */
export interface TakeOptions {
  /** Seconds that a lock holds: after these the shards of a worker that is gone are taken up by others. */
  readonly lock: number;
  /** Seconds before the second try of a shard; each further one waits twice as long, and each a little less or more. */
  readonly backoff: number;
  /** Whether to end when the queue holds nothing more to do. */
  readonly drain: boolean;
  readonly say: (text: string) => void;
}

/** What a worker did. */
export interface Taken {
  readonly shards: number;
  readonly images: number;
  readonly failed: number;
  /** Locks that were lost: those shards were done twice. */
  readonly lost: number;
  /** Whether it ended by Ctrl-C. */
  readonly interrupted: boolean;
}

/** Times that a job may lose its worker before it is put aside; the worker notices when a shard ends its process, so these were machines. */
const LOST_WORKERS = 20;
/** Minutes of which Redis keeps how many jobs ended in each. */
const MINUTES = 60;
/** Milliseconds between two looks at whether there is anything left, and that Redis gets to say good-bye. */
const LOOK = 2000;

/**
 * Takes jobs until Ctrl-C, until nothing is left where `drain` says so, or until the worker can do no more.
 * @throws FusionclipError `usage` where Redis refuses what is asked of it, now and always
 */
export async function takeJobs(
  host: Host,
  { bullmq, options, address }: Connection,
  doer: ShardWorker,
  { lock, backoff, drain, say }: TakeOptions,
): Promise<Taken> {
  const taken = { shards: 0, images: 0, failed: 0, lost: 0, interrupted: false };
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  /** What was handed back last: its lock is nobody's. */
  let given: string | undefined;
  const places = new Map<string, string>();
  const queue = new bullmq.Queue<ShardJob>(QUEUE, { ...options, skipMetasUpdate: true });
  queue.on('error', () => {}); // the worker says it
  const hasOthers = otherWork(queue, host, () => readPlaces(queue), doer.plan);
  const run = async (job: Job<ShardJob>, token?: string): Promise<string> => {
    const path = places.get(job.data.plan) ?? (await readPlace(queue, job.data.plan));
    given = undefined;
    if (path !== null) places.set(job.data.plan, path);
    const verdict = await doer.do(path, job.id ?? '', job.data, hasOthers);
    if (doer.over !== null) end();
    if (verdict.now === 'done') {
      taken.shards++;
      taken.images += verdict.images;
      return '';
    }
    if (verdict.now === 'back') {
      given = job.id;
      if (!verdict.later) {
        await job.moveToWait(token);
        throw new bullmq.WaitingError();
      }
      await job.moveToDelayed(Date.now() + backoff * 1000, token); // waiting, it would come first, and to this worker again
      await doer.rest();
      throw new bullmq.DelayedError();
    }
    taken.failed++;
    const error = verdict.now === 'never' ? new bullmq.UnrecoverableError(verdict.reason) : new Error(verdict.reason);
    error.stack = '';
    throw error;
  };
  const { connection } = options;
  const worker = new bullmq.Worker<ShardJob>(QUEUE, run, {
    connection,
    lockDuration: lock * 1000,
    stalledInterval: lock * 1000,
    maxStalledCount: LOST_WORKERS,
    metrics: { maxDataPoints: MINUTES },
    drainDelay: 1,
    settings: { backoffStrategy: (tries) => backoff * 1000 * 2 ** (tries - 1) * (0.75 + Math.random() / 2) },
    removeOnComplete: { count: 0 },
  });
  const isGiven = (text: string) => given !== undefined && text === `could not renew lock for job ${given}`;
  const back = sayOutages(worker, address.name, (text) => isGiven(text) || say(text));
  let refused: FusionclipError | null = null;
  worker.on('error', (error) => {
    const refusal = refusedByRedis(address.name, error);
    if (refusal?.code !== 'usage') return;
    refused = refusal; // it would be refused for ever
    end();
  });
  worker.on('active', back);
  worker.on('lockRenewalFailed', (all) => {
    const ids = all.filter((id) => id !== given);
    if (ids.length === 0) return;
    taken.lost += ids.length;
    say(`the lock of ${ids.join(', ')} is lost; another worker may do it as well, which does no harm`);
  });
  const undo = host.onInterrupt(() => {
    taken.interrupted = true;
    doer.stop();
    end();
  });
  const timer = drain
    ? setInterval(
        () =>
          void isEmpty(queue).then(
            (empty) => empty && end(),
            () => {},
          ),
        LOOK,
      )
    : undefined;
  try {
    await ended;
  } finally {
    clearInterval(timer);
    undo();
    await Promise.race([worker.close(), new Promise((resolve) => setTimeout(resolve, LOOK))]);
    doer.stop();
    await Promise.race([queue.close(), new Promise((resolve) => setTimeout(resolve, LOOK))]);
  }
  if (refused) throw refused;
  return taken;
}

/** Whether nothing is left to do; what was put aside does not count. */
export async function isEmpty(queue: {
  getJobCounts(...types: string[]): Promise<Record<string, number>>;
}): Promise<boolean> {
  const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized');
  return Object.values(counts).every((count) => count === 0);
}
