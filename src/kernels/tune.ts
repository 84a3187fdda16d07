import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { attention, attentionBackward } from './attention.ts';
import { type AttentionVariant, attentionVariants } from './attention_variants.ts';
import { matmul } from './matmul.ts';
import { type MatmulVariant, matmulVariants } from './matmul_plan.ts';

/** A variant and how long it took for all shapes together. */
export interface TunedVariant<Name extends string = MatmulVariant> {
  readonly variant: Name;
  /** Sum over the shapes of the shortest time of each. */
  readonly milliseconds: number;
}

/** m, k, n of layers of ViT-L/14 at 240 px and of the text tower. */
export const TUNING_SHAPES: readonly (readonly [m: number, k: number, n: number])[] = [
  [290, 1024, 1024],
  [290, 1024, 4096],
  [77, 768, 768],
];

/** Attention of the image tower and of the text tower. */
export interface TuningHeads {
  readonly batch: number;
  readonly length: number;
  readonly heads: number;
  /** Of all heads. */
  readonly width: number;
  /** Causal, and with its gradient, as in training. */
  readonly trained: boolean;
}

/** Of ViT-L/14 at 240 px, and of twelve sentences. */
export const TUNING_HEADS: readonly TuningHeads[] = [
  { batch: 1, length: 290, heads: 16, width: 1024, trained: false },
  { batch: 12, length: 20, heads: 12, width: 768, trained: true },
];

/**
 * Times the variants of matmul that the adapter can run against each other, in turn so that a busy machine harms all
 * alike. Leaves the device's choices as they were.
 * @param shapes m, k, n
 * @returns the fastest first
 */
export async function tuneMatmul(gpu: Gpu, shapes = TUNING_SHAPES, rounds = 5): Promise<TunedVariant[]> {
  return await tuned(gpu, 'matmul', matmulVariants(gpu.facts), shapes, rounds, ([m, k, n]) => {
    const [a, b] = [ramp(gpu, m, k), ramp(gpu, n, k)];
    return () => matmul(a, b, { transposeB: true });
  });
}

/** The same of attention. @param shapes smaller ones for tests */
export async function tuneAttention(
  gpu: Gpu,
  shapes = TUNING_HEADS,
  rounds = 5,
): Promise<TunedVariant<AttentionVariant>[]> {
  return await tuned(gpu, 'attention', attentionVariants(gpu.facts), shapes, rounds, (shape) => {
    const { batch, length, heads, width, trained } = shape;
    const [qkv, grad] = [ramp(gpu, batch, length, 3 * width), ramp(gpu, batch, length, width)];
    const options = { causal: trained };
    return () => {
      const { out, logSumExp } = attention(qkv, heads, options);
      if (trained) attentionBackward(grad, qkv, out, logSumExp, heads, options);
    };
  });
}

/** @param prepare uploads what a shape needs, and returns the work */
async function tuned<Name extends string, Shape>(
  gpu: Gpu,
  kernel: string,
  variants: readonly Name[],
  shapes: readonly Shape[],
  rounds: number,
  prepare: (shape: Shape) => () => void,
): Promise<TunedVariant<Name>[]> {
  const totals = new Map(variants.map((variant) => [variant, 0]));
  for (const shape of shapes) {
    using job = gpu.job();
    const work = job.do(() => prepare(shape));
    const best = new Map<Name, number>();
    // The first round compiles.
    for (let round = 0; round <= rounds; round++) {
      for (const variant of variants) {
        await gpu.idle();
        const start = performance.now();
        gpu.tuned({ ...gpu.tuning, [kernel]: variant }, () => {
          using _scope = gpu.scope();
          work();
        });
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
function ramp(gpu: Gpu, ...shape: number[]): GpuArray {
  const size = shape.reduce((product, n) => product * n, 1);
  const values = Float32Array.from({ length: size }, (_, i) => ((i * 37) % 256) / 128 - 1);
  return GpuArray.from(gpu, values, shape);
}
