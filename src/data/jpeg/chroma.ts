import type { Component, Frame } from './frame.ts';

/** Gives a row of a component at the picture's size; it holds until the next one is asked for. */
export type RowReader = (y: number) => Uint8Array;

/**
 * The rows of a component of a JPEG at the size of the picture, as libjpeg makes them: where two pixels share a sample,
 * 3/4 of the nearer and 1/4 of the next sample, with a rounding that alternates so that it has no bias; samples that more
 * pixels share are repeated.
 */
export function rowsOf({ width, mostAcross, mostDown }: Frame, component: Component): RowReader {
  const { columns, height: rows } = component;
  const samples = new Uint8Array(component.samples.buffer);
  const stride = 8 * columns;
  const row = (y: number) => samples.subarray(y * stride, y * stride + stride);
  const across = mostAcross / component.across;
  const down = mostDown / component.down;
  if (across === 1 && down === 1) return row;
  const out = new Uint8Array(width);
  const next = (y: number) => Math.min(rows - 1, Math.max(0, (y >> 1) + (y % 2 === 0 ? -1 : 1)));
  if (across === 1 && down === 2) {
    return (y) => {
      const [near, far] = [row(y >> 1), row(next(y))];
      const bias = y % 2 === 0 ? 1 : 2;
      for (let x = 0; x < width; x++) out[x] = (3 * near[x] + far[x] + bias) >> 2;
      return out;
    };
  }
  if (across === 2 && component.width > 2 && (down === 1 || down === 2)) {
    const line = new Int32Array(component.width);
    return (y) => {
      if (down === 1) {
        line.set(row(y).subarray(0, line.length));
        widen(line, out, 1, 2, 2);
      } else {
        const [near, far] = [row(y >> 1), row(next(y))];
        for (let x = 0; x < line.length; x++) line[x] = 3 * near[x] + far[x];
        widen(line, out, 8, 7, 4);
      }
      return out;
    };
  }
  return (y) => {
    const near = row(Math.floor(y / down));
    for (let x = 0; x < width; x++) out[x] = near[Math.floor(x / across)];
    return out;
  };
}

/** Two pixels for each number of a line: 3/4 of it and 1/4 of its neighbour, shifted right, with a bias for either. */
function widen(line: Int32Array, out: Uint8Array, left: number, right: number, shift: number): void {
  const last = line.length - 1;
  for (let c = 0, x = 0; c <= last; c++, x += 2) {
    out[x] = (3 * line[c] + line[c === 0 ? 0 : c - 1] + left) >> shift;
    out[x + 1] = (3 * line[c] + line[c === last ? last : c + 1] + right) >> shift;
  }
}

/** A colour's share in another, with 16 bits behind the point, as libjpeg has them. */
const share = (value: number) => Math.floor(value * 65536 + 0.5);
const HALF = 1 << 15;
const table = (of: (chroma: number) => number) => Int32Array.from({ length: 256 }, (_, i) => of(i - 128));
const RED = table((cr) => (share(1.402) * cr + HALF) >> 16);
const BLUE = table((cb) => (share(1.772) * cb + HALF) >> 16);
const GREEN_OF_RED = table((cr) => -share(0.71414) * cr);
const GREEN_OF_BLUE = table((cb) => -share(0.34414) * cb + HALF);

/** RGB of a row in YCbCr (ITU-R 601, full range), written from index `at` on, rounded as libjpeg rounds. */
export function yccRow(
  y: Uint8Array,
  cb: Uint8Array,
  cr: Uint8Array,
  out: Uint8ClampedArray,
  at: number,
  width: number,
): void {
  for (let x = 0; x < width; x++, at += 3) {
    const luma = y[x];
    const blue = cb[x];
    const red = cr[x];
    out[at] = luma + RED[red];
    out[at + 1] = luma + ((GREEN_OF_BLUE[blue] + GREEN_OF_RED[red]) >> 16);
    out[at + 2] = luma + BLUE[blue];
  }
}
