/**
 * Pillow's resampling to the bit: separable, antialiased, horizontal before vertical, 8-bit values in between,
 * weights in fixed point of 22 bits. The features of CLIP depend on these bytes; no browser API gives them.
 */
import type { Image } from './image.ts';

/** The kernels in use: bicubic with a = −1/2, and the triangle. */
export type ResizeKernel = 'bicubic' | 'bilinear';

/** One output position as a weighted sum of inputs `start … start + weights.length - 1`; the weights sum to 1. */
export interface AxisWeights {
  readonly start: number;
  readonly weights: Float64Array;
}

const FIXED_POINT = 2 ** 22;

/** Keys' cubic convolution kernel with a = −1/2; zero outside (−2, 2). */
function bicubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

/** The triangle kernel; zero outside (−1, 1). */
function bilinear(x: number): number {
  return Math.max(0, 1 - Math.abs(x));
}

/**
 * Weights that resample `n` values to `m` in float64. When shrinking, the kernel is stretched by n / m (antialiasing);
 * at the ends the weights that fall outside are dropped and the rest is divided by its sum. Also the weights of
 * `interpolate(mode='bicubic', antialias=True)` in PyTorch, with which CLIP's position table is resized.
 */
export function axisWeights(n: number, m: number, kernel: ResizeKernel): AxisWeights[] {
  const [shape, radius] = kernel === 'bicubic' ? [bicubic, 2] : [bilinear, 1];
  const scale = n / m;
  const stretch = Math.max(scale, 1);
  const support = radius * stretch;
  const shrink = 1 / stretch; // Pillow multiplies by the reciprocal: dividing gives other last bits
  return Array.from({ length: m }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const start = Math.max(Math.trunc(centre - support + 0.5), 0);
    const end = Math.min(Math.trunc(centre + support + 0.5), n);
    const weights = new Float64Array(end - start);
    let sum = 0;
    for (let j = 0; j < weights.length; j++) sum += weights[j] = shape((j + start - centre + 0.5) * shrink);
    for (let j = 0; j < weights.length; j++) weights[j] /= sum;
    return { start, weights };
  });
}

/**
 * The picture at another size, as Pillow's `Image.resize`: RGBA is premultiplied by alpha, resized, and divided again.
 */
export function resizeImage(image: Image, width: number, height: number, kernel: ResizeKernel = 'bicubic'): Image {
  if (image.width === width && image.height === height) return image;
  if (image.channels !== 4) return resizeChannels(image, width, height, kernel);
  return divideByAlpha(resizeChannels(multiplyByAlpha(image), width, height, kernel));
}

/**
 * The picture at another size without interpolation, as Pillow's `NEAREST`: it adds up its source coordinate step by
 * step, and the rounding errors of that sum decide which pixel is taken at exact ties.
 */
export function resizeNearest(image: Image, width: number, height: number): Image {
  const { channels } = image;
  const columns = nearestSources(image.width, width);
  const rows = nearestSources(image.height, height);
  const data = new Uint8Array(width * height * channels);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (rows[y] * image.width + columns[x]) * channels;
      for (let c = 0; c < channels; c++) data[to++] = image.data[from + c];
    }
  }
  return { width, height, channels, data };
}

function nearestSources(n: number, m: number): Int32Array {
  const step = n / m;
  const out = new Int32Array(m);
  let x = step * 0.5;
  for (let i = 0; i < m; i++, x += step) out[i] = Math.min(Math.trunc(x), n - 1);
  return out;
}

/** Resizes every channel by itself; an axis that keeps its size is not touched, as in Pillow. */
function resizeChannels(image: Image, width: number, height: number, kernel: ResizeKernel): Image {
  const { channels } = image;
  let { data } = image;
  if (image.width !== width) {
    const pass = { outer: image.height, n: image.width, m: width, inner: channels };
    data = resizeAxis(data, pass, kernel);
  }
  if (image.height !== height) {
    data = resizeAxis(data, { outer: 1, n: image.height, m: height, inner: width * channels }, kernel);
  }
  return { width, height, channels, data };
}

/** Bytes [outer, n, inner] to [outer, m, inner]. */
function resizeAxis(
  data: Uint8Array,
  { outer, n, m, inner }: { outer: number; n: number; m: number; inner: number },
  kernel: ResizeKernel,
): Uint8Array {
  const out = new Uint8Array(outer * m * inner);
  // Sums stay exact in float64: at most 255 · 2^22 · the sum of |weights|.
  const sums = new Float64Array(inner);
  const table = axisWeights(n, m, kernel).map(({ start, weights }) => ({ start, fixed: weights.map(toFixed) }));
  for (let o = 0, to = 0; o < outer; o++) {
    for (const { start, fixed } of table) {
      sums.fill(FIXED_POINT / 2);
      let from = (o * n + start) * inner;
      for (let j = 0; j < fixed.length; j++) {
        const weight = fixed[j];
        for (let i = 0; i < inner; i++) sums[i] += weight * data[from++];
      }
      for (let i = 0; i < inner; i++) out[to++] = Math.min(255, Math.max(0, Math.floor(sums[i] / FIXED_POINT)));
    }
  }
  return out;
}

/** Rounds a weight to fixed point, halves away from zero. */
function toFixed(weight: number): number {
  return Math.trunc(weight * FIXED_POINT + (weight < 0 ? -0.5 : 0.5));
}

function multiplyByAlpha(image: Image): Image {
  const data = image.data.slice();
  for (let i = 0; i < data.length; i += 4) {
    for (let c = 0; c < 3; c++) {
      const t = data[i + c] * data[i + 3] + 128;
      data[i + c] = ((t >> 8) + t) >> 8; // t / 255, rounded
    }
  }
  return { ...image, data };
}

function divideByAlpha(image: Image): Image {
  const data = image.data.slice();
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3];
    if (alpha === 0 || alpha === 255) continue;
    for (let c = 0; c < 3; c++) data[i + c] = Math.min(255, Math.trunc((255 * data[i + c]) / alpha));
  }
  return { ...image, data };
}
