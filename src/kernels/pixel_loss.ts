import type { GpuArray } from '../gpu/array.ts';
import { type SliceLaunch, sliceLaunch } from './rows.ts';
import { expectShape } from './shapes.ts';

/** Sizes of a pixel loss over G groups of B images each. */
export interface PixelLossSizes {
  /** G */
  readonly count: number;
  /** B */
  readonly batch: number;
  /** G·B */
  readonly rows: number;
  /** H·W */
  readonly pixels: number;
  /** Of the first stage, which leaves `chunks` partial sums of an image. */
  readonly launch: SliceLaunch;
}

/**
 * Checks a mask [B, H, W] against probabilities [G·B, H, W, 2], of which every group has the same B images.
 */
export function pixelLossSizes(word: string, shape: readonly number[], mask: GpuArray): PixelLossSizes {
  const [batch, height, width] = mask.shape;
  const [rows] = shape;
  expectShape(`${word} mask`, mask, [batch, height, width]);
  if (batch === 0) throw new Error(`${word}: there is no image, and so no mean over images`);
  if (shape.length !== 4 || rows % batch !== 0 || shape[1] !== height || shape[2] !== width || shape[3] !== 2) {
    throw new Error(`${word}: probabilities [${shape}] do not go with masks [${mask.shape}]; expected [G·B, H, W, 2]`);
  }
  const pixels = height * width;
  return { count: rows / batch, batch, rows, pixels, launch: sliceLaunch(mask.gpu, rows, pixels) };
}
