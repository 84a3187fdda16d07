import { CLIP_MEAN, CLIP_STD, preprocess, preprocessMask, resizeForClip } from '../clip/index.ts';
import { AUGMENTATIONS, type Augmentation, warp, warpMask } from '../data/augment.ts';
import type { FileSystem } from '../data/file_system.ts';
import { type Image, toRgb } from '../data/image.ts';
import type { Sample } from '../data/layout/dataset.ts';
import { readMask, readSample } from '../data/layout/open.ts';
import { FusionclipError } from '../gpu/errors.ts';

/** An image at the model's size. */
export interface Picture {
  /** RGB [S, S, 3]; what the model sees, before numbers are made of it. */
  readonly pixels: Image;
  /** Lesion {0, 1} [S, S], or null where nothing is lesion. */
  readonly mask: Uint8Array<ArrayBuffer> | null;
}

/** One view of a picture as the vision tower takes it. */
export interface View {
  /** `identity` or the name of a warp. */
  readonly name: string;
  /** [3, S, S] */
  readonly input: Float32Array<ArrayBuffer>;
  readonly mask: Uint8Array<ArrayBuffer> | null;
}

/** Whether the pixels are normalised with CLIP's mean and standard deviation, or stay in [0, 1]. */
export type Normalisation = 'clip' | 'none';

/**
 * Reads a sample and its mask, squashed to `size`.
 * @throws FusionclipError `io`, `bad_image`, and `bad_data` when mask and image differ in size
 */
export async function readPicture(fs: FileSystem, sample: Sample, size: number): Promise<Picture> {
  const image = await readSample(fs, sample);
  return { pixels: resizeForClip(image, 'winclip', size), mask: await maskOf(fs, sample, image, size) };
}

/** The mask of a sample at `size`, or null. Throws as {@link readPicture}. */
export async function maskOf(
  fs: FileSystem,
  sample: Sample,
  image: Image,
  size: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (sample.maskPath === null) return null;
  const mask = await readMask(fs, sample.maskPath);
  if (mask.width !== image.width || mask.height !== image.height) {
    throw new FusionclipError(
      'bad_data',
      `The mask ${sample.maskPath} has ${mask.width}×${mask.height} pixels, its image ${image.width}×${image.height}; ` +
        'give both the same size.',
    );
  }
  return preprocessMask(mask, 'winclip', size);
}

/** The vision tower's input [3, S, S] of RGB pixels that have its size already. */
export function toInput(pixels: Image, norm: Normalisation): Float32Array<ArrayBuffer> {
  return preprocess(toRgb(pixels), norm === 'clip' ? 'winclip' : 'mvfa', pixels.width);
}

/**
 * The picture itself, or it and its ten warps (`mvfa`). Warps are made of values in [0, 1], and those are normalised,
 * so that what is reflected in at the edges has the colours of the image.
 */
export function viewsOf({ pixels, mask }: Picture, aug: 'mvfa' | 'none', norm: Normalisation): View[] {
  const identity = { name: 'identity', input: toInput(pixels, norm), mask };
  if (aug === 'none') return [identity];
  const size = pixels.width;
  const unit = toInput(pixels, 'none');
  const warped = (view: Augmentation): View => {
    const values = warp(unit, size, view);
    return {
      name: view.name,
      input: norm === 'clip' ? normalise(values) : values,
      mask: mask && warpMask(mask, size, view),
    };
  };
  return AUGMENTATIONS.map((view) => (view.theta ? warped(view) : identity));
}

/** (x − mean) / deviation of planes [3, S, S] in place, rounded as in float32 arithmetic. */
function normalise(values: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const plane = values.length / 3;
  for (let c = 0; c < 3; c++) {
    const [mean, std] = [Math.fround(CLIP_MEAN[c]), Math.fround(CLIP_STD[c])];
    for (let i = c * plane; i < (c + 1) * plane; i++) values[i] = Math.fround(values[i] - mean) / std;
  }
  return values;
}
