import { GpuArray } from '../gpu/array.ts';
import { pixelLossSizes } from './pixel_loss.ts';
import { rowLaunch } from './rows.ts';
import { dice_backward, dice_loss, dice as slices } from './shaders.gen.ts';
import { expectAtMost, expectShape } from './shapes.ts';
import { sumAxis } from './sum_axis.ts';

/** What the forward leaves for the backward. */
export interface DiceResult {
  /** [G] */
  readonly loss: GpuArray;
  /** [G·B, 3], Σ p·t, Σ p and Σ t of each image */
  readonly sums: GpuArray;
}

const MOST_IMAGES = 60_000;

/**
 * Dice loss of the abnormal channel: 1 − mean over the B images of a group of (2·Σpt + s) / (Σp + Σt + s).
 * @param prob [G·B, H, W, 2]
 * @param mask [B, H, W] of 0 and 1
 */
export function dice(prob: GpuArray, mask: GpuArray, smooth = 1): DiceResult {
  const { gpu } = prob;
  const { count, batch, rows, pixels, launch } = pixelLossSizes('dice', prob.shape, mask);
  const { chunks, ...how } = launch;
  expectAtMost('dice: images', batch, MOST_IMAGES);
  const pieces = GpuArray.empty(gpu, [rows, 3, chunks]);
  gpu.run({
    ...how,
    shader: slices,
    buffers: { prob, mask, pieces },
    params: { rows, batch, pixels, chunks },
    flops: 4 * rows * pixels,
  });
  const sums = sumAxis(pieces, [3 * rows, chunks, 1], [rows, 3]);
  pieces.release();
  const loss = GpuArray.empty(gpu, [count]);
  gpu.run({
    shader: dice_loss,
    buffers: { sums, loss },
    params: { count, batch, smooth_by: smooth },
    ...rowLaunch(gpu, count, batch),
  });
  return { loss, sums };
}

/**
 * d loss / d prob; the normal channel gets 0.
 * @param grad [G]
 * @param sums from {@link dice}
 * @param shape of prob, [G·B, H, W, 2]
 * @returns [G·B, H, W, 2]
 */
export function diceBackward(
  grad: GpuArray,
  sums: GpuArray,
  mask: GpuArray,
  shape: readonly number[],
  smooth = 1,
): GpuArray {
  const { count, batch, rows, pixels } = pixelLossSizes('dice', shape, mask);
  expectShape('dice gradient', grad, [count]);
  expectShape('dice sums', sums, [rows, 3]);
  const dprob = GpuArray.empty(grad.gpu, shape);
  grad.gpu.run({
    shader: dice_backward,
    buffers: { grad, sums, mask, dprob },
    params: { batch, pixels, smooth_by: smooth },
    groups: [Math.ceil(pixels / dice_backward.constants.WORKGROUP), rows],
    flops: 6 * rows * pixels,
  });
  return dprob;
}
