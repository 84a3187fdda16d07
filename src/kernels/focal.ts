import { GpuArray } from '../gpu/array.ts';
import { pixelLossSizes } from './pixel_loss.ts';
import { focal_backward, focal as slices } from './shaders.gen.ts';
import { expectShape } from './shapes.ts';
import { sumAxis } from './sum_axis.ts';

/**
 * Focal loss −(1 − pt)^γ · log pt, mean over the B·H·W pixels of each group, with pt = Σ hot · p + smooth and `hot` the
 * one-hot mask clamped to [smooth, 1 − smooth].
 * @param prob [G·B, H, W, 2], probabilities of normal and abnormal
 * @param mask [B, H, W] of 0 and 1
 * @param alpha weight of abnormal pixels, 1 − alpha for normal ones; null for none
 * @returns [G]
 */
export function focal(prob: GpuArray, mask: GpuArray, gamma = 2, smooth = 1e-5, alpha: number | null = null): GpuArray {
  const { count, batch, rows, pixels, launch } = pixelLossSizes('focal', prob.shape, mask);
  const { chunks, ...how } = launch;
  const pieces = GpuArray.empty(prob.gpu, [rows, chunks]);
  prob.gpu.run({
    ...how,
    shader: slices,
    buffers: { prob, mask, pieces },
    params: { rows, batch, pixels, chunks, gamma, smooth_by: smooth, alpha: alpha ?? -1 },
    flops: 15 * rows * pixels,
  });
  const loss = sumAxis(pieces, [count, batch * chunks, 1], [count], 1 / (batch * pixels));
  pieces.release();
  return loss;
}

/**
 * d loss / d prob.
 * @param grad [G]
 * @param into of prob's shape, added to in place of a new gradient, and returned
 * @returns [G·B, H, W, 2]
 */
export function focalBackward(
  grad: GpuArray,
  prob: GpuArray,
  mask: GpuArray,
  gamma = 2,
  smooth = 1e-5,
  alpha: number | null = null,
  into: GpuArray | null = null,
): GpuArray {
  const { count, batch, rows, pixels } = pixelLossSizes('focal', prob.shape, mask);
  expectShape('focal gradient', grad, [count]);
  if (into) expectShape('focal sum of gradients', into, prob.shape);
  const dprob = into ?? GpuArray.empty(prob.gpu, prob.shape);
  prob.gpu.run({
    shader: focal_backward,
    constants: { ADD: Number(into !== null) },
    buffers: { grad, prob, mask, dprob },
    params: { batch, pixels, gamma, smooth_by: smooth, alpha: alpha ?? -1 },
    groups: [Math.ceil(pixels / focal_backward.constants.WORKGROUP), rows],
    flops: 20 * rows * pixels,
  });
  return dprob;
}
