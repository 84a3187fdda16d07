import { rowsOf, yccRow } from './chroma.ts';
import type { Frame } from './frame.ts';

/** The bytes of a grey picture. */
export function greyOf({ width, height, components: [{ columns, samples }] }: Frame): Uint8Array<ArrayBuffer> {
  const stride = 8 * columns;
  if (stride === width) return new Uint8Array(samples.buffer, 0, width * height);
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) out.set(samples.subarray(y * stride, y * stride + width), y * width);
  return out;
}

/** RGB of a picture of three or four components. @param plain whether they are RGB, or inks, and not luma and chroma */
export function coloursOf(frame: Frame, plain: boolean): Uint8Array<ArrayBuffer> {
  const { width, height } = frame;
  const [first, second, third, key] = frame.components.map((component) => rowsOf(frame, component));
  const out = new Uint8ClampedArray(3 * width * height);
  for (let y = 0, at = 0; y < height; y++, at += 3 * width) {
    const [a, b, c] = [first(y), second(y), third(y)];
    if (plain) {
      for (let x = 0, to = at; x < width; x++, to += 3) [out[to], out[to + 1], out[to + 2]] = [a[x], b[x], c[x]];
    } else yccRow(a, b, c, out, at, width);
    if (key) printed(out.subarray(at, at + 3 * width), key(y), !plain);
  }
  return new Uint8Array(out.buffer);
}

/** RGB in place of the inks of a row, by Pillow's product of bytes; files have what is left of white by each ink. */
function printed(row: Uint8ClampedArray, key: Uint8Array, inverted: boolean): void {
  for (let i = 0; i < row.length; i++) {
    const left = key[Math.floor(i / 3)];
    const product = (inverted ? row[i] : 255 - row[i]) * left + 128;
    row[i] = left - ((product + (product >> 8)) >> 8);
  }
}
