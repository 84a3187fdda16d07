import type { GpuArray } from '../../gpu/array.ts';
import { bceBackward, bce as forwardBce } from '../../kernels/bce.ts';
import { diceBackward, dice as forwardDice } from '../../kernels/dice.ts';
import { focalBackward, focal as forwardFocal } from '../../kernels/focal.ts';
import { bilinearResizeBackward, bilinearResize as forwardResize } from '../../kernels/resize.ts';
import { apply, type Operation } from '../tape.ts';
import type { Tensor } from '../tensor.ts';

/** Geometry of an upsampled map: torch's `align_corners`, or patch centres at (i + 0.5) · patch pixels. */
export type Align = boolean | { readonly patch: number };

const resizeOperation: Operation<{ from: [number, number]; to: [number, number]; align: Align }> = {
  name: 'resize',
  forward: ([x], { to, align }) => ({ output: forwardResize(x, to, align), saved: [] }),
  backward: (grad, _, { from, align }) => [bilinearResizeBackward(grad, from, align)],
};

/** Bilinear resize of [B, h, w, C] to [B, H, W, C]. */
export function bilinearResize(x: Tensor, to: [number, number], align: Align): Tensor {
  return apply(resizeOperation, [x], { from: [x.shape[1], x.shape[2]], to, align });
}

/** How an image-level loss reads the similarities; see {@link bce}. */
export type BceMode = 'prob' | 'mvfa' | 'margin';

const bceOperation: Operation<{ label: GpuArray; mode: BceMode }> = {
  name: 'bce',
  forward: ([pair], { label, mode }) => ({ output: forwardBce(pair, label, mode), saved: [pair] }),
  backward: (grad, [pair], { label, mode }) => [bceBackward(grad, pair, label, mode)],
};

/**
 * Binary cross-entropy per group, mean over its B images.
 * `prob`: −(y log p₁ + (1−y) log p₀); `mvfa`: BCE-with-logits on p₁; `margin`: BCE-with-logits on m₁ − m₀.
 * @param pair [G·B, 2] means over the patches for normal and abnormal
 * @param label [B], 1 = abnormal
 * @returns [G]
 */
export function bce(pair: Tensor, label: GpuArray, mode: BceMode): Tensor {
  return apply(bceOperation, [pair], { label, mode });
}

/** Constants of the focal loss. */
export interface FocalOptions {
  /** Exponent γ. */
  readonly gamma: number;
  /** Weight of abnormal pixels (1 − alpha for normal ones), or null for none. */
  readonly alpha: number | null;
  /** Label smoothing and floor inside the logarithm. */
  readonly smooth: number;
}

const focalOperation: Operation<{ mask: GpuArray; options: FocalOptions }> = {
  name: 'focal',
  forward: ([prob], { mask, options: { gamma, smooth, alpha } }) => ({
    output: forwardFocal(prob, mask, gamma, smooth, alpha),
    saved: [prob],
  }),
  backward: (grad, [prob], { mask, options: { gamma, smooth, alpha } }, _, [sum]) => [
    focalBackward(grad, prob, mask, gamma, smooth, alpha, sum),
  ],
};

/**
 * Focal loss −(1 − p_t)^γ log p_t, mean over the pixels of the B images of each group.
 * @param prob [G·B, H, W, 2]
 * @param mask [B, H, W] of 0 and 1
 * @returns [G]
 */
export function focal(prob: Tensor, mask: GpuArray, options: FocalOptions): Tensor {
  return apply(focalOperation, [prob], { mask, options });
}

const diceOperation: Operation<{ mask: GpuArray; smooth: number; shape: readonly number[] }> = {
  name: 'dice',
  forward([prob], { mask, smooth }) {
    const { loss, sums } = forwardDice(prob, mask, smooth);
    return { output: loss, saved: [sums] };
  },
  backward: (grad, [sums], { mask, smooth, shape }) => [diceBackward(grad, sums, mask, shape, smooth)],
};

/**
 * Dice loss of the abnormal channel: 1 − mean over images of (2·I + s) / (P + T + s).
 * @param prob [G·B, H, W, 2]
 * @param mask [B, H, W]
 * @returns [G]
 */
export function dice(prob: Tensor, mask: GpuArray, smooth = 1): Tensor {
  return apply(diceOperation, [prob], { mask, smooth, shape: prob.shape });
}
