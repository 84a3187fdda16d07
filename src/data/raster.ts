import type { Orientation } from './orientation.ts';

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
}

/** What kind of numbers samples are. */
export type SampleKind = 'uint8' | 'uint16' | 'int16' | 'float32';

/** The kind of a raster's samples. */
export function sampleKind({ data }: Raster): SampleKind {
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
