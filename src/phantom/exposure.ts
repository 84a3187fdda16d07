import type { Image } from '../data/image.ts';
import { mix, unit } from './arithmetic.ts';
import { whiteNoise } from './noise.ts';
import type { Random } from './random.ts';
import type { Stage } from './stage.ts';

/** How bright a family's pictures come out. */
export interface ExposureOptions {
  /** Where the 99.5th percentile is put, as a range to draw from; 1 is white. */
  readonly white: readonly [number, number];
  /** Where the mean is put, as a part of the 99.5th percentile. */
  readonly mean: readonly [number, number];
  /** Haze added everywhere. */
  readonly haze?: readonly [number, number];
}

/**
 * Windows the picture as a scanner or a radiographer does, by its own statistics: the 99.5th percentile goes to a white
 * drawn at random, and a quadratic curve that keeps black and white brings the mean to one drawn at random. Both are
 * drawn in the same way for normal and abnormal pictures, so a lesion cannot be found by how bright a picture is as a
 * whole: what it adds is taken from the rest, as in windowed clinical pictures. In place; values end on [0, 1].
 */
export function expose(values: Float32Array, random: Random, options: ExposureOptions): void {
  const white = random.range(...options.white);
  const target = random.range(...options.mean);
  const haze = options.haze ? random.range(...options.haze) : 0;
  const top = quantile(values, 0.995);
  let [first, second] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const x = unit(values[i] / top);
    values[i] = x;
    first += x;
    second += x * x;
  }
  [first, second] = [first / values.length, second / values.length];
  // mean of x + c x (1 − x) is first + c (first − second); a stronger bend would not be monotone
  const c = Math.max(-0.85, Math.min(0.85, (target - first) / Math.max(1e-6, first - second)));
  for (let i = 0; i < values.length; i++) {
    const x = values[i];
    values[i] = haze + (white - haze) * (x + c * x * (1 - x));
  }
}

/** The value below which a part `p` of the values lies, to a 2,048th of the greatest; values below 0 count as 0. */
export function quantile(values: Float32Array, p: number): number {
  let greatest = 1e-6;
  for (let i = 0; i < values.length; i++) if (values[i] > greatest) greatest = values[i];
  const counts = new Uint32Array(2048);
  const scale = 2047 / greatest;
  for (let i = 0; i < values.length; i++) counts[Math.max(0, Math.floor(values[i] * scale))]++;
  let seen = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    seen += counts[bin];
    if (seen >= p * values.length) return (bin + 1) / scale;
  }
  return greatest;
}

/** Noise as MRI has it: added to the real part of a complex signal of which the magnitude is shown. */
export function addNoise(values: Float32Array, random: Random, strength: number): void {
  const noise = whiteNoise(values.length, random.u32());
  for (let i = 0; i < values.length; i++) values[i] = Math.abs(values[i] + strength * noise[i]);
}

/** The stage's values as a grey picture of bytes. */
export function greyImage({ size, values }: Stage): Image {
  const data = new Uint8Array(values.length);
  for (let i = 0; i < data.length; i++) data[i] = Math.floor(unit(values[i]) * 255 + 0.5);
  return { width: size, height: size, channels: 1, data };
}

/** A multiplicative bias, brighter here and darker there, as coils and detectors have. */
export function bias(values: Float32Array, field: Float32Array, strength: number): void {
  for (let i = 0; i < values.length; i++) values[i] *= mix(1, 1 + 0.5 * field[i], strength);
}
