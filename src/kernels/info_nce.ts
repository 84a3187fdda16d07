import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { info_nce_backward, info_nce as shader } from './shaders.gen.ts';
import { elementGrid, expectAtMost, expectShape } from './shapes.ts';
import { sumAxis } from './sum_axis.ts';

/** One invocation goes through a row of the cosines twice. */
const MOST_PAIRS = 4096;

/** Which pairs of a batch have the same caption; on the device. */
export interface CaptionGroups {
  /** u32 [B], equal numbers for equal captions */
  readonly group: GpuArray;
  /** [B], 1 / number of pairs with this caption */
  readonly share: GpuArray;
}

/** Uploads the groups of a batch, given a number for each caption, into the current scope. */
export function captionGroups(gpu: Gpu, numbers: readonly number[]): CaptionGroups {
  const counts = new Map<number, number>();
  for (const n of numbers) counts.set(n, (counts.get(n) ?? 0) + 1);
  const shape = [numbers.length];
  return {
    group: GpuArray.from(gpu, Uint32Array.from(numbers), shape),
    share: GpuArray.from(
      gpu,
      Float32Array.from(numbers, (n) => 1 / counts.get(n)!),
      shape,
    ),
  };
}

/** What {@link infoNce} leaves for its backward. */
export interface InfoNceResult {
  /** [1] */
  readonly loss: GpuArray;
  /** [2B], rows then columns */
  readonly logSumExp: GpuArray;
}

/**
 * Symmetric InfoNCE: the mean of the cross-entropies of rows and of columns of exp(logScale) · cosine. The target of a
 * pair is spread evenly over all pairs with the same caption, which therefore are no negatives of each other.
 * @param cosine [B, B], images by texts; B is at most 4,096
 * @param logScale [1]
 */
export function infoNce(cosine: GpuArray, logScale: GpuArray, { group, share }: CaptionGroups): InfoNceResult {
  const { gpu } = cosine;
  const batch = measure(cosine, logScale, { group, share });
  const parts = GpuArray.empty(gpu, [2 * batch]);
  const logSumExp = GpuArray.empty(gpu, [2 * batch]);
  gpu.run({
    shader,
    buffers: { cosine, log_scale: logScale, group, share, parts, log_sum_exp: logSumExp },
    params: { batch },
    groups: elementGrid(2 * batch, shader.constants.WORKGROUP),
    flops: 12 * cosine.size,
  });
  const loss = sumAxis(parts, [1, 2 * batch, 1], [1], 1 / (2 * batch));
  parts.release();
  return { loss, logSumExp };
}

/**
 * Gradients of {@link infoNce}: by the cosines [B, B] and by the logarithm of the scale [1].
 * @param grad [1]
 */
export function infoNceBackward(
  grad: GpuArray,
  cosine: GpuArray,
  logScale: GpuArray,
  { group, share }: CaptionGroups,
  logSumExp: GpuArray,
): { cosine: GpuArray; logScale: GpuArray } {
  const { gpu } = cosine;
  const batch = measure(cosine, logScale, { group, share });
  expectShape('info_nce gradient', grad, [1]);
  expectShape('info_nce logSumExp', logSumExp, [2 * batch]);
  const dCosine = GpuArray.empty(gpu, cosine.shape);
  const dScale = GpuArray.empty(gpu, cosine.shape);
  gpu.run({
    shader: info_nce_backward,
    buffers: {
      ...{ grad, cosine, log_scale: logScale, group, share, log_sum_exp: logSumExp },
      ...{ d_cosine: dCosine, d_scale: dScale },
    },
    params: { batch },
    groups: elementGrid(cosine.size, info_nce_backward.constants.WORKGROUP),
    flops: 12 * cosine.size,
  });
  const total = sumAxis(dScale, [1, dScale.size, 1], [1]);
  dScale.release();
  return { cosine: dCosine, logScale: total };
}

function measure(cosine: GpuArray, logScale: GpuArray, { group, share }: CaptionGroups): number {
  const [batch] = cosine.shape;
  expectShape('info_nce cosine', cosine, [batch, batch]);
  expectShape('info_nce scale', logScale, [1]);
  expectShape('info_nce group', group, [batch], 'u32');
  expectShape('info_nce share', share, [batch]);
  expectAtMost('info_nce: pairs', batch, MOST_PAIRS);
  return batch;
}
