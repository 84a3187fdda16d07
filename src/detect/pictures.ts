import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { type PixelStatistics, preprocess, preprocessMask } from '../clip/index.ts';
import { normaliser, resizeForClip } from '../clip/preprocess.ts';
import { AUGMENTATIONS, type Augmentation, warp, warpMask } from '../data/augment.ts';
import { cropMap, type ScoreMap } from '../data/heat_map.ts';
import { type Image, toRgb } from '../data/image.ts';
import type { Sample } from '../data/layout/dataset.ts';
import { readMask, readSample } from '../data/layout/open.ts';
import type { RangeRule } from '../data/range/rule.ts';
import { medClipInput, normaliseMedClip, squareGrey, squareOf } from '../medclip/preprocess.ts';

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

/**
 * Whether the pixels are normalised with the model's mean and standard deviation (CLIP's, unless its folder says others), or stay in [0, 1]; `medclip`: with
 * MedCLIP's, and images are grey in a black square before they are resized.
 */
export type Normalisation = 'clip' | 'none' | 'medclip';

/** How images come to the size of the model. */
export interface Framing {
  readonly size: number;
  readonly norm: Normalisation;
  /** How the values of files become grey levels; by default all that a file's type can hold. */
  readonly grey?: RangeRule;
}

/** An image or a mask before it is squashed to its size. */
export function framed(image: Image, { size, norm }: Framing): Image {
  return norm === 'medclip' ? squareGrey(image, size) : image;
}

/** What a map [S, S] of the framed image says of the image itself, pixel by pixel where a frame is to be left out. */
export function unframedMap(
  map: ScoreMap,
  { width, height }: Pick<Image, 'width' | 'height'>,
  norm: Normalisation,
): ScoreMap {
  if (norm !== 'medclip') return map;
  const { side, left, top } = squareOf({ width, height }, map.width);
  const window = { left: left / side, top: top / side, width: width / side, height: height / side };
  return cropMap(map, window, width, height);
}

/** What the model sees of an image, RGB [S, S, 3]. */
export function pixelsOf(image: Image, framing: Framing): Image {
  return toRgb(resizeForClip(framed(image, framing), 'winclip', framing.size));
}

/**
 * Reads a sample and its mask, framed and squashed to the size.
 * @throws FusionclipError `io`, `bad_image`, and `bad_data` when mask and image differ in size
 */
export async function readPicture(fs: FileSystem, sample: Sample, framing: Framing): Promise<Picture> {
  const image = await readSample(fs, sample, framing.grey);
  return { pixels: pixelsOf(image, framing), mask: await maskOf(fs, sample, image, framing) };
}

/** The mask of a sample at its size, or null. Throws as {@link readPicture}. */
export async function maskOf(
  fs: FileSystem,
  sample: Sample,
  image: Image,
  framing: Framing,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (sample.mask === null) return null;
  const mask = await readMask(fs, sample.mask, image);
  if (mask.width !== image.width || mask.height !== image.height) {
    throw new FusionclipError(
      'bad_data',
      `The mask ${sample.mask.paths[0]} has ${mask.width}×${mask.height} pixels, its image ${image.width}×${image.height}; ` +
        'give both the same size.',
    );
  }
  return preprocessMask(framed(mask, framing), 'winclip', framing.size);
}

/**
 * The vision tower's input [3, S, S] of RGB pixels that have its size already.
 * @param statistics the model's own
 */
export function toInput(pixels: Image, norm: Normalisation, statistics: PixelStatistics): Float32Array<ArrayBuffer> {
  if (norm === 'medclip') return medClipInput(pixels);
  return preprocess(toRgb(pixels), norm === 'clip' ? 'winclip' : 'mvfa', pixels.width, statistics);
}

/**
 * The picture itself, or it and its ten warps (`mvfa`). Warps are made of values in [0, 1], and those are normalised,
 * so that what is reflected in at the edges has the colours of the image.
 */
export function viewsOf(
  { pixels, mask }: Picture,
  aug: 'mvfa' | 'none',
  norm: Normalisation,
  statistics: PixelStatistics,
): View[] {
  const identity = { name: 'identity', input: toInput(pixels, norm, statistics), mask };
  if (aug === 'none') return [identity];
  const size = pixels.width;
  const unit = toInput(pixels, 'none', statistics);
  const warped = (view: Augmentation): View => {
    const values = warp(unit, size, view);
    return {
      name: view.name,
      input: norm === 'none' ? values : normalise(values, norm, statistics),
      mask: mask && warpMask(mask, size, view),
    };
  };
  return AUGMENTATIONS.map((view) => (view.theta ? warped(view) : identity));
}

/** (x − mean) / deviation of planes [3, S, S] in place, rounded as in float32 arithmetic. */
function normalise(
  values: Float32Array<ArrayBuffer>,
  norm: 'clip' | 'medclip',
  statistics: PixelStatistics,
): Float32Array<ArrayBuffer> {
  if (norm === 'medclip') return values.map(normaliseMedClip);
  const plane = values.length / 3;
  for (let c = 0; c < 3; c++) {
    const one = normaliser(statistics, c);
    for (let i = c * plane; i < (c + 1) * plane; i++) values[i] = one(values[i]);
  }
  return values;
}
