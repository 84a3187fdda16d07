import type { DeviceGpu } from '../gpu/gpu.ts';

/** Milliseconds of one repetition. */
export interface Times {
  readonly min: number;
  readonly median: number;
  /** Kernels of the longest submit of any repetition; null without timestamps. */
  readonly submit: number | null;
}

/** What may return a promise, which then is waited for. */
export type Work = () => unknown;

/** Repetitions stop after this many. */
export const MOST_SAMPLES = 9;
const FEWEST_SAMPLES = 3;
/** Milliseconds after which a case has had its time. */
export const CASE_MS = 4000;
/** Work of this length is timed once. */
const LONG_MS = 8000;
/** Without timestamps a sample repeats the work until waiting for the GPU (11 ms in Deno) no longer counts. */
const SAMPLE_MS = 100;

/**
 * Times pieces of work against each other: a warm-up each (which compiles), then one sample of each in turn, so that a
 * busy machine harms all alike. Kernel time by timestamps where the adapter has them, else wall-clock time.
 * @param caseMs milliseconds after which no more samples are begun than the fewest
 */
export async function measure(gpu: DeviceGpu, works: readonly Work[], caseMs = CASE_MS): Promise<Times[]> {
  const repeats: number[] = [];
  let longest = 0;
  for (const work of works) {
    await sample(gpu, work, 1);
    const once = (await sample(gpu, work, 1)).ms;
    longest = Math.max(longest, once);
    repeats.push(gpu.profiler ? 1 : Math.max(1, Math.min(100, Math.ceil(SAMPLE_MS / once))));
  }
  const samples: Sample[][] = works.map(() => []);
  const fewest = longest > LONG_MS ? 1 : FEWEST_SAMPLES;
  const start = performance.now();
  for (let i = 0; i < MOST_SAMPLES && (i < fewest || performance.now() - start < caseMs); i++) {
    for (const [w, work] of works.entries()) samples[w].push(await sample(gpu, work, repeats[w]));
  }
  return samples.map((list) => {
    const times = list.map(({ ms }) => ms).sort((a, b) => a - b);
    const submits = list.map(({ submit }) => submit ?? 0);
    return { min: times[0], median: median(times), submit: gpu.profiler ? Math.max(...submits) : null };
  });
}

/** The middle one; sorts the list. */
export function median(list: number[]): number {
  list.sort((a, b) => a - b);
  return list[list.length >> 1];
}

interface Sample {
  readonly ms: number;
  readonly submit: number | null;
}

async function sample(gpu: DeviceGpu, work: Work, repeats: number): Promise<Sample> {
  gpu.profiler?.reset();
  const start = performance.now();
  for (let i = 0; i < repeats; i++) {
    using job = gpu.job();
    await job.do(work);
  }
  await gpu.idle();
  const wall = (performance.now() - start) / repeats;
  if (!gpu.profiler) return { ms: wall, submit: null };
  const kernels = await gpu.profiler.report();
  const ms = kernels.reduce((sum, k) => sum + k.milliseconds, 0) / repeats;
  return { ms, submit: gpu.profiler.longestSubmit };
}
