import { type Image, toGrey, toRgb } from '../data/image.ts';
import { resizeImage, resizeNearest } from '../data/resize.ts';

/**
 * How an image becomes the input of the vision tower. All resize bicubically; they differ in this:
 *
 * | variant | geometry | RGB conversion | mean/std | masks |
 * | --- | --- | --- | --- | --- |
 * | `openai` | shortest side to `size`, centre crop | after resizing | yes | nearest |
 * | `huggingface` | shortest side to `size`, centre crop | before resizing, over white | yes | nearest |
 * | `april` | squashed to a square | after resizing | yes | bilinear |
 * | `winclip` | squashed | before resizing | yes | nearest |
 * | `mvfa` | squashed | before resizing | no | nearest |
 *
 * `openai` is OpenAI's code and open_clip's, `huggingface` the `CLIPImageProcessor` of transformers on Pillow; where an odd
 * number of lines is cropped, the first rounds half of it to even, the second down. Before or after matters for RGBA, which is
 * resized premultiplied, and for grey values that colours of a palette are turned to.
 *
 * Resizing gives the bits of Pillow up to 12; where one side grows and the other shrinks, Pillow 13 resizes the columns first,
 * which differs by up to 11 grey levels.
 */
export type PreprocessVariant = 'openai' | 'huggingface' | 'april' | 'winclip' | 'mvfa';

/** All variants. */
export const PREPROCESS_VARIANTS: readonly PreprocessVariant[] = ['openai', 'huggingface', 'april', 'winclip', 'mvfa'];

/** What a model's images are normalised with: mean and standard deviation of each channel on [0, 1]. */
export interface PixelStatistics {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Those of CLIP's training images. */
export const CLIP_PIXELS: PixelStatistics = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

/**
 * The input of the vision tower, [3, size, size]: the same float32 bits as PIL, torchvision's ToTensor and Normalize.
 * @param pixels the model's own (`pixelStatistics` of its configuration)
 */
export function preprocess(
  image: Image,
  variant: PreprocessVariant,
  size: number,
  pixels: PixelStatistics = CLIP_PIXELS,
): Float32Array<ArrayBuffer> {
  const { data } = resizeForClip(image, variant, size);
  const plane = size * size;
  const out = new Float32Array(3 * plane);
  for (let c = 0; c < 3; c++) {
    const normalise = variant === 'mvfa' ? (x: number) => x : normaliser(pixels, c);
    const values = Float32Array.from({ length: 256 }, (_, byte) => normalise(Math.fround(byte / 255)));
    for (let i = 0, from = c; i < plane; i++, from += 3) out[c * plane + i] = values[data[from]];
  }
  return out;
}

/** The RGB bytes [size, size, 3] before they become numbers: for hashes, and to show what the model sees. */
export function resizeForClip(image: Image, variant: PreprocessVariant, size: number): Image {
  if (variant === 'winclip' || variant === 'mvfa') return resizeImage(toRgb(image), size, size);
  if (variant === 'april') return toRgb(resizeImage(image, size, size));
  const { width, height } = image;
  // Both truncate the long side.
  const [w, h] =
    width <= height ? [size, Math.trunc((size * height) / width)] : [Math.trunc((size * width) / height), size];
  const [left, top] = [(w - size) / 2, (h - size) / 2];
  if (variant === 'huggingface')
    return crop(resizeImage(overWhite(image), w, h), Math.floor(left), Math.floor(top), size);
  return crop(toRgb(resizeImage(image, w, h)), roundHalfEven(left), roundHalfEven(top), size);
}

/** A mask (grey; lesion is above one half of 255) at the input's size: {0, 1} [size, size]. */
export function preprocessMask(mask: Image, variant: PreprocessVariant, size: number): Uint8Array<ArrayBuffer> {
  const grey = toGrey(mask);
  const { data } = variant === 'april' ? resizeImage(grey, size, size, 'bilinear') : resizeNearest(grey, size, size);
  return Uint8Array.from(data, (value) => (value > 127 ? 1 : 0)); // 128 / 255 is the first value above 0.5
}

/** (x − mean) / deviation of channel `c` for float32 values on [0, 1], every step rounded to float32. */
export function normaliser({ mean, std }: PixelStatistics, c: number): (x: number) => number {
  const [m, s] = [Math.fround(mean[c]), Math.fround(std[c])];
  return (x) => Math.fround(Math.fround(x - m) / s);
}

/** RGB of any picture; one with alpha is laid over white, to the byte as Pillow's `alpha_composite` does. */
function overWhite(image: Image): Image {
  const rgb = toRgb(image);
  if (image.channels !== 4) return rgb;
  const data = rgb.data.map((value, i) => {
    const alpha = image.data[4 * Math.floor(i / 3) + 3];
    const sum = 128 * (value * alpha + 255 * (255 - alpha)) + 128 * 128;
    return ((sum >> 8) + sum) >> 15;
  });
  return { ...rgb, data };
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
