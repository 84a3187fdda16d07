import { type Image, toGrey, toRgb } from '../data/image.ts';
import { resizeImage, resizeNearest } from '../data/resize.ts';

/**
 * How an image becomes the input of the vision tower. All resize bicubically; they differ in this:
 *
 * | variant | geometry | RGB conversion | mean/std | masks |
 * | --- | --- | --- | --- | --- |
 * | `openai` | shortest side to `size`, centre crop | after resizing | yes | nearest |
 * | `april` | squashed to a square | after resizing | yes | bilinear |
 * | `winclip` | squashed | before resizing | yes | nearest |
 * | `mvfa` | squashed | before resizing | no | nearest |
 *
 * Before or after matters for RGBA only, which is resized premultiplied.
 */
export type PreprocessVariant = 'openai' | 'april' | 'winclip' | 'mvfa';

/** All variants. */
export const PREPROCESS_VARIANTS: readonly PreprocessVariant[] = ['openai', 'april', 'winclip', 'mvfa'];

/** Mean of CLIP's training images per channel, on [0, 1]. */
export const CLIP_MEAN: readonly number[] = [0.48145466, 0.4578275, 0.40821073];

/** Standard deviation of CLIP's training images per channel, on [0, 1]. */
export const CLIP_STD: readonly number[] = [0.26862954, 0.26130258, 0.27577711];

/** Mean of MedCLIP's training images on [0, 1]; they are grey. */
export const MEDCLIP_MEAN = 0.5862785803043838;

/** Standard deviation of MedCLIP's training images on [0, 1]. */
export const MEDCLIP_STD = 0.27950088968644304;

/** The input of the vision tower, [3, size, size]: the same float32 bits as PIL, torchvision's ToTensor and Normalize. */
export function preprocess(image: Image, variant: PreprocessVariant, size: number): Float32Array<ArrayBuffer> {
  const { data } = resizeForClip(image, variant, size);
  const plane = size * size;
  const out = new Float32Array(3 * plane);
  for (let c = 0; c < 3; c++) {
    const values = channelValues(c, variant !== 'mvfa');
    for (let i = 0, from = c; i < plane; i++, from += 3) out[c * plane + i] = values[data[from]];
  }
  return out;
}

/** The RGB bytes [size, size, 3] before they become numbers: for hashes, and to show what the model sees. */
export function resizeForClip(image: Image, variant: PreprocessVariant, size: number): Image {
  if (variant === 'winclip' || variant === 'mvfa') return resizeImage(toRgb(image), size, size);
  if (variant === 'april') return toRgb(resizeImage(image, size, size));
  const { width, height } = image;
  // torchvision truncates the long side and rounds the crop offset half to even
  const [w, h] =
    width <= height ? [size, Math.trunc((size * height) / width)] : [Math.trunc((size * width) / height), size];
  return crop(toRgb(resizeImage(image, w, h)), roundHalfEven((w - size) / 2), roundHalfEven((h - size) / 2), size);
}

/** A mask (grey; lesion is above one half of 255) at the input's size: {0, 1} [size, size]. */
export function preprocessMask(mask: Image, variant: PreprocessVariant, size: number): Uint8Array<ArrayBuffer> {
  const grey = toGrey(mask);
  const { data } = variant === 'april' ? resizeImage(grey, size, size, 'bilinear') : resizeNearest(grey, size, size);
  return Uint8Array.from(data, (value) => (value > 127 ? 1 : 0)); // 128 / 255 is the first value above 0.5
}

/** What each byte of channel `c` becomes, every step rounded to float32 as in float32 arithmetic. */
function channelValues(c: number, normalise: boolean): Float32Array {
  const [mean, std] = [Math.fround(CLIP_MEAN[c]), Math.fround(CLIP_STD[c])];
  return Float32Array.from({ length: 256 }, (_, byte) => {
    const x = Math.fround(byte / 255);
    return normalise ? Math.fround(x - mean) / std : x;
  });
}

function crop({ width, data }: Image, left: number, top: number, size: number): Image {
  const out = new Uint8Array(size * size * 3);
  for (let y = 0; y < size; y++) {
    const from = ((top + y) * width + left) * 3;
    out.set(data.subarray(from, from + size * 3), y * size * 3);
  }
  return { width: size, height: size, channels: 3, data: out };
}

function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}
