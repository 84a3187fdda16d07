import type { Orientation } from './orientation.ts';

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
