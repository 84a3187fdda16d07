import { fnv1a32 } from '../base/rule.ts';
import type { Orientation } from './orientation.ts';

/** What lies in a file behind the end of the picture that is read of it. */
export interface Behind {
  readonly bytes: number;
  /** Whether it begins as a picture does. */
  readonly picture: boolean;
}

/** The samples of a picture as its file has them: not yet said is which value is black and which is white. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  /** 1 is grey, 3 is RGB, 4 is RGBA (not premultiplied). */
  readonly channels: 1 | 3 | 4;
  /** `data[(y * width + x) * channels + c]`; samples of less than 8 bits are spread over 0…255. */
  readonly data: Uint8Array | Uint16Array | Int16Array | Float32Array;
  /** Bits of a sample in the file. */
  readonly bits: number;
  /** By which it was turned, where its file said one. */
  readonly orientation?: Orientation;
  /** What its file holds behind its end. */
  readonly behind?: Behind;
}

/** What kind of numbers samples are. */
export type SampleKind = 'uint8' | 'uint16' | 'int16' | 'float32';

/** The kind of a raster's samples. */
export function sampleKind({ data }: Pick<Raster, 'data'>): SampleKind {
  if (data instanceof Uint8Array) return 'uint8';
  if (data instanceof Uint16Array) return 'uint16';
  return data instanceof Int16Array ? 'int16' : 'float32';
}

/** The smallest and largest value that files of a kind can hold; of real numbers those of what is shown without a range. */
export const FULL_RANGE: Readonly<Record<SampleKind, readonly [number, number]>> = {
  uint8: [0, 255],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  float32: [0, 1],
};

/** An 8-bit picture: `data[(y * width + x) * channels + c]`; 1 channel is grey, 3 is RGB, 4 is RGBA (not premultiplied). */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  readonly data: Uint8Array;
  /** By which its pixels were turned when they were read, where its file said one. */
  readonly orientation?: Orientation;
}

/** RGB of any picture: grey is repeated and alpha is dropped, not composited, as Pillow's `convert('RGB')` does. */
export function toRgb(image: Image): Image {
  const { width, height, channels, data } = image;
  if (channels === 3) return image;
  const pixels = width * height;
  const out = new Uint8Array(pixels * 3);
  const [g, b] = channels === 1 ? [0, 0] : [1, 2];
  for (let i = 0, from = 0, to = 0; i < pixels; i++, from += channels, to += 3) {
    out[to] = data[from];
    out[to + 1] = data[from + g];
    out[to + 2] = data[from + b];
  }
  return { width, height, channels: 3, data: out };
}

/**
 * Luma of any picture: `L = (19595 R + 38470 G + 7471 B + 2^15) >> 16`, the 16-bit form of ITU-R 601 that Pillow's
 * `convert('L')` uses. Alpha is dropped.
 */
export function toGrey(image: Image): Image {
  const { width, height, channels, data } = image;
  if (channels === 1) return image;
  const out = new Uint8Array(width * height);
  for (let i = 0, from = 0; i < out.length; i++, from += channels) {
    out[i] = (19595 * data[from] + 38470 * data[from + 1] + 7471 * data[from + 2] + 0x8000) >> 16;
  }
  return { width, height, channels: 1, data: out };
}

/** Tells an image at the model's size again. */
export function imageHash({ width, height, data }: Image): string {
  return `${width}x${height}:${fnv1a32(data).toString(16).padStart(8, '0')}`;
}

/** Tells an image at the model's size again; 64 bits, so that no two of a hospital agree by chance. Begins with its {@link imageHash}. */
export function imageKey(image: Image): string {
  let hash = 0x9e3779b1;
  for (const byte of image.data) {
    hash = Math.imul(hash ^ byte, 0x85ebca6b);
    hash ^= hash >>> 13;
  }
  return `${imageHash(image)}.${(hash >>> 0).toString(16).padStart(8, '0')}`;
}
