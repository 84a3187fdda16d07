import { readFileSync } from 'node:fs';
import type { DeviceGpu } from '../src/gpu/gpu.ts';
import { CASE_MS, MOST_SAMPLES, median, type Work } from '../src/lab/measure.ts';

/** How a repetition of many kernels spends its time, in milliseconds; medians, without timestamps in between. */
export interface Split {
  /**
   * Processor time of the host's thread until all commands are submitted: a software adapter lets the host wait, and takes
   * its cores. Where the system does not count it (it does on Linux): wall-clock time without the submits.
   */
  readonly host: number;
  /** Until all of them are done. */
  readonly wall: number;
}

/** Times the host's part of some work, and the whole; to be called after {@link measure}, which warms up. */
export async function measureSplit(gpu: DeviceGpu, work: Work): Promise<Split> {
  const host: number[] = [];
  const wall: number[] = [];
  const begin = performance.now();
  gpu.timing = false;
  do {
    const start = performance.now();
    const used = threadMs();
    const submitting = gpu.submitting;
    {
      using _scope = gpu.scope();
      const waiting = work();
      gpu.flush();
      if (gpu.submitting === submitting)
        throw new Error('the work waits before it submits anything: nothing would be timed');
      host.push(used === null ? performance.now() - start - (gpu.submitting - submitting) : threadMs()! - used);
      await waiting;
    }
    await gpu.idle();
    wall.push(performance.now() - start);
  } while (wall.length < MOST_SAMPLES && performance.now() - begin < CASE_MS);
  gpu.timing = true;
  return { host: median(host), wall: median(wall) };
}

/** Milliseconds of processor time that this thread has used, or null where the system does not tell. */
function threadMs(): number | null {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return null;
  }
}
