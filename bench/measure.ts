import type { Gpu } from '../src/gpu/gpu.ts';

/** Milliseconds of one repetition. */
export interface Times {
  readonly min: number;
  readonly median: number;
}

/** Repetitions stop after this many, or when a case has taken its time. */
const MOST_SAMPLES = 9;
const FEWEST_SAMPLES = 3;
const CASE_MS = 4000;
/** Without timestamps a sample repeats the work until waiting for the GPU (11 ms in Deno) no longer counts. */
const SAMPLE_MS = 100;

/**
 * Times pieces of work against each other: a warm-up each (which compiles), then one sample of each in turn, so that a
 * busy machine harms all alike. Kernel time by timestamps where the adapter has them, else wall-clock time.
 */
export async function measure(gpu: Gpu, works: readonly (() => void)[]): Promise<Times[]> {
  const repeats: number[] = [];
  for (const work of works) {
    await sample(gpu, work, 1);
    const once = await sample(gpu, work, 1);
    repeats.push(gpu.profiler ? 1 : Math.max(1, Math.min(100, Math.ceil(SAMPLE_MS / once))));
  }
  const samples: number[][] = works.map(() => []);
  const start = performance.now();
  for (let i = 0; i < MOST_SAMPLES && (i < FEWEST_SAMPLES || performance.now() - start < CASE_MS); i++) {
    for (const [w, work] of works.entries()) samples[w].push(await sample(gpu, work, repeats[w]));
  }
  return samples.map((list) => {
    list.sort((a, b) => a - b);
    return { min: list[0], median: list[list.length >> 1] };
  });
}

async function sample(gpu: Gpu, work: () => void, repeats: number): Promise<number> {
  gpu.profiler?.reset();
  const start = performance.now();
  for (let i = 0; i < repeats; i++) {
    using _scope = gpu.scope();
    work();
  }
  await gpu.idle();
  const wall = (performance.now() - start) / repeats;
  if (!gpu.profiler) return wall;
  const kernels = await gpu.profiler.report();
  return kernels.reduce((sum, k) => sum + k.milliseconds, 0) / repeats;
}
