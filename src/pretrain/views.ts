import { ruleStream } from '../base/rule.ts';
import { CLIP_PIXELS } from '../clip/preprocess.ts';
import { type Affine, warp } from '../data/augment.ts';
import type { Image } from '../data/image.ts';

/** A picture as it is shown in one step. */
export interface View {
  /** From output to input position, both in [-1, 1]. */
  readonly theta: Affine;
  /** byte → gain · (byte − 128) + 128 + lift */
  readonly gain: number;
  readonly lift: number;
  /** Left and right exchanged: what the caption says of them must be exchanged too. */
  readonly mirrored: boolean;
}

/** Largest shift as a part of half the picture, change of size, of contrast, and of brightness in grey values. */
const MOST = { shift: 0.08, scale: 0.08, gain: 0.15, lift: 12 } as const;

/** Numbers that one view draws. */
const DRAWS = 8;

/**
 * View number `index`: a pure function of seed and index.
 * @param mirror whether pictures of this kind may be mirrored
 */
export function drawView(seed: number, index: number, mirror: boolean): View {
  const stream = ruleStream('pretrain.view', seed);
  const draw = (n: number) => stream(DRAWS * index + n) / 2 ** 32;
  const around = (n: number, most: number) => most * (2 * draw(n) - 1);
  const mirrored = mirror && draw(0) < 0.5;
  const scale = 1 + around(1, MOST.scale);
  return {
    theta: [mirrored ? -scale : scale, 0, around(2, MOST.shift), 0, scale, around(3, MOST.shift)],
    gain: 1 + around(4, MOST.gain),
    lift: around(5, MOST.lift),
    mirrored,
  };
}

/** Exchanges the words left and right. */
export function mirroredCaption(caption: string): string {
  return caption.replace(/\b(left|right)\b/g, (side) => (side === 'left' ? 'right' : 'left'));
}

/** A square picture under a view as the input of the vision tower: [3, size, size]. */
export function viewInput({ width, channels, data }: Image, view: View): Float32Array<ArrayBuffer> {
  const plane = width * width;
  const colours = channels === 1 ? 1 : 3;
  const planes = new Float32Array(colours * plane);
  for (let c = 0; c < colours; c++) {
    for (let i = 0; i < plane; i++) planes[c * plane + i] = data[i * channels + c];
  }
  const seen = warp(planes, width, { name: '', theta: view.theta });
  const out = new Float32Array(3 * plane);
  for (let c = 0; c < 3; c++) {
    const from = colours === 1 ? 0 : c * plane;
    const [mean, std] = [255 * CLIP_PIXELS.mean[c], 255 * CLIP_PIXELS.std[c]];
    for (let i = 0; i < plane; i++) {
      const value = view.gain * (seen[from + i] - 128) + 128 + view.lift;
      out[c * plane + i] = (Math.min(255, Math.max(0, value)) - mean) / std;
    }
  }
  return out;
}
