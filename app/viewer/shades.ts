import type { Slice, SliceWindow } from '../protocol/viewing.ts';

/** Which values are shown from black to white. */
export interface Shades {
  readonly low: number;
  readonly high: number;
  /** Whether low values are bright. */
  readonly inverted: boolean;
}

/** The shades of a window, the first of the slice by default. */
export function shadesOf(
  { windows, inverted }: Slice,
  { low, high }: Pick<SliceWindow, 'low' | 'high'> = windows[0] ?? BYTES,
): Shades {
  return { low, high, inverted };
}

const BYTES = { low: 0, high: 255 };

/** After a drag by shares of the frame: across changes the width, down the level, as in other viewers. */
export function dragged(from: Shades, across: number, down: number): Shades {
  const width = from.high - from.low;
  const middle = (from.low + from.high) / 2 + down * width;
  const wide = width * 4 ** across;
  return { ...from, low: middle - wide / 2, high: middle + wide / 2 };
}

/** By width and level; a width below the least that tells two values apart is not taken. */
export function windowed(from: Shades, width: number, level: number): Shades {
  if (!(width > 0) || !Number.isFinite(level)) return from;
  return { ...from, low: level - width / 2, high: level + width / 2 };
}

/** Pixels of a slice in its shades, RGBA. */
export function shaded({ width, height, values, rgb }: Slice, { low, high, inverted }: Shades): ImageData {
  const pixels = new ImageData(width, height);
  const { data } = pixels;
  // One write a pixel: four bytes as a number, with the highest opaque.
  const whole = new Uint32Array(data.buffer);
  if (rgb) {
    for (let i = 0, from = 0; i < whole.length; i++, from += 3) {
      whole[i] = 0xff000000 | (rgb[from + 2] << 16) | (rgb[from + 1] << 8) | rgb[from];
    }
    return pixels;
  }
  const scale = 255 / (high - low || 1);
  for (let i = 0; i < whole.length; i++) {
    const level = Math.max(0, Math.min(255, (values![i] - low) * scale)) || 0;
    const grey = Math.round(inverted ? 255 - level : level);
    whole[i] = 0xff000000 | (grey * 0x010101);
  }
  return pixels;
}
