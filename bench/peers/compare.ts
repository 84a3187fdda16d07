import type { Job, Peer } from './peer.ts';
import type { Work } from './work.ts';

/** How long a library took for a piece of work. */
export interface PeerTime {
  readonly peer: string;
  /** Milliseconds, over the rounds; null when it was not timed: `failure` says why. */
  readonly medianMs: number | null;
  readonly minMs: number | null;
  /** Largest difference from the float64 result; null when there was none. */
  readonly error: number | null;
  readonly failure: string | null;
}

/** One piece of work. */
export interface PeerResult extends Pick<Work, 'name' | 'flops' | 'bytes' | 'target'> {
  /** This project's first, then the others in the order in which they were given. */
  readonly times: readonly PeerTime[];
  /** Median of the fastest of the others / median of the first; null when either is missing. */
  readonly ratio: number | null;
}

/** A library that gave the right result. */
interface Entrant {
  readonly peer: string;
  readonly job: Job;
  readonly error: number;
  /** Repetitions of a sample. */
  readonly repeats: number;
  readonly samples: number[];
}

/** A sample repeats work until waiting for the device no longer counts. */
const SAMPLE_MS = 200;
const MOST_REPEATS = 100;
/** Longest wait for one step of a library: some wait for ever when their device is lost. */
const PATIENCE_MS = 600_000;

/**
 * Lets libraries do the same work: each result is compared with float64, then those that are right are timed in turn,
 * one sample each a round, so that a busy machine harms all alike. What a library throws becomes its `failure`.
 * @param peers the first is compared with the others
 */
export async function compare(peers: readonly Peer[], work: Work, rounds: number): Promise<PeerResult> {
  const expected = work.expected();
  const entrants: Entrant[] = [];
  const failures = new Map<string, PeerTime>();
  for (const { name, prepare } of peers.map((peer) => ({ name: peer.name, prepare: () => peer.prepare(work) }))) {
    try {
      entrants.push(await enter(name, await within(prepare()), expected, work.tolerance));
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      failures.set(name, { peer: name, medianMs: null, minMs: null, error: null, failure });
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const one of entrants) one.samples.push(await sample(one.job, one.repeats));
  }
  for (const { job } of entrants) await job.release();
  const times = peers.map(({ name }) => {
    const one = entrants.find(({ peer }) => peer === name);
    return one ? timed(one) : failures.get(name)!;
  });
  const [own, ...others] = times.map(({ medianMs }) => medianMs ?? Number.POSITIVE_INFINITY);
  const ratio = Math.min(...others) / own;
  const { name, flops, bytes, target } = work;
  return { name, flops, bytes, target, times, ratio: Number.isFinite(ratio) && ratio > 0 ? ratio : null };
}

/** Runs the work for the first time, checks the result, and finds out how often a sample repeats it. */
async function enter(peer: string, job: Job, expected: Float64Array, tolerance: number): Promise<Entrant> {
  try {
    await within(sample(job, 1));
    const error = largestDifference(await within(job.read()), expected);
    if (!(error <= tolerance)) {
      throw new Error(`wrong result: differs by ${error.toExponential(1)}, allowed ${tolerance.toExponential(1)}`);
    }
    const once = await within(sample(job, 1));
    return { peer, job, error, repeats: Math.min(MOST_REPEATS, Math.ceil(SAMPLE_MS / once)), samples: [] };
  } catch (error) {
    await job.release();
    throw error;
  }
}

async function sample(job: Job, repeats: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < repeats; i++) await job.run();
  await job.done();
  return (performance.now() - start) / repeats;
}

function timed({ peer, error, samples }: Entrant): PeerTime {
  const sorted = samples.toSorted((a, b) => a - b);
  return { peer, medianMs: sorted[sorted.length >> 1], minMs: sorted[0], error, failure: null };
}

/** Not a number where one of them is. */
function largestDifference(actual: ArrayLike<number>, expected: Float64Array): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} numbers, expected ${expected.length}`);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    if (!(difference <= worst)) worst = difference;
    if (Number.isNaN(worst)) break;
  }
  return worst;
}

async function within<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`did not end within ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
