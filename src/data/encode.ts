import { encode } from 'fast-png';
import type { Image } from './image.ts';

/** An 8-bit PNG file of a grey, RGB or RGBA picture. */
export function encodePng(image: Image): Uint8Array {
  const { width, height, channels, data } = image;
  return encode({ width, height, channels, depth: 8, data });
}

/** A 16-bit grey PNG file; `data` has `width * height` values, row by row. */
export function encodePng16(width: number, height: number, data: Uint16Array): Uint8Array {
  return encode({ width, height, channels: 1, depth: 16, data });
}
