import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { matmul } from './matmul.ts';
import { type MatmulVariant, matmulVariants } from './matmul_plan.ts';

/** A variant and how long it took for all shapes together. */
export interface TunedVariant {
  readonly variant: MatmulVariant;
  /** Sum over the shapes of the shortest time of each. */
  readonly milliseconds: number;
}

/** m, k, n of layers of ViT-L/14 at 240 px and of the text tower. */
export const TUNING_SHAPES: readonly (readonly [m: number, k: number, n: number])[] = [
  [290, 1024, 1024],
  [290, 1024, 4096],
  [77, 768, 768],
];

/**
 * Times the variants of matmul that the adapter can run against each other, in turn so that a busy machine harms all
 * alike. Leaves the device's choices as they were.
 * @param shapes m, k, n
 * @returns the fastest first
 */
export async function tuneMatmul(gpu: Gpu, shapes = TUNING_SHAPES, rounds = 5): Promise<TunedVariant[]> {
  const variants = matmulVariants(gpu.facts);
  const totals = new Map(variants.map((variant) => [variant, 0]));
  for (const [m, k, n] of shapes) {
    using job = gpu.job();
    const [a, b] = job.do(() => [ramp(gpu, m, k), ramp(gpu, n, k)]);
    const best = new Map<MatmulVariant, number>();
    // The first round compiles.
    for (let round = 0; round <= rounds; round++) {
      for (const variant of variants) {
        await gpu.idle();
        const start = performance.now();
        gpu.tuned({ ...gpu.tuning, matmul: variant }, () => matmul(a, b, { transposeB: true })).release();
        await gpu.idle();
        const time = performance.now() - start;
        if (round > 0) best.set(variant, Math.min(time, best.get(variant) ?? Number.POSITIVE_INFINITY));
      }
    }
    for (const [variant, time] of best) totals.set(variant, totals.get(variant)! + time);
  }
  return [...totals]
    .map(([variant, milliseconds]) => ({ variant, milliseconds }))
    .sort((x, y) => x.milliseconds - y.milliseconds);
}

/** Numbers of [-1, 1): zeros would be faster than data on some machines. */
function ramp(gpu: Gpu, rows: number, columns: number): GpuArray {
  const values = Float32Array.from({ length: rows * columns }, (_, i) => ((i * 37) % 256) / 128 - 1);
  return GpuArray.from(gpu, values, [rows, columns]);
}
