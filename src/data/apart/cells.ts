import type { Raster } from '../image.ts';

/** Cells to a side. */
export const CELLS = 32;

/** A picture in {@link CELLS} by {@link CELLS} cells, with what is needed to join them. */
export interface Cells {
  /** The brightness of the pixels of each cell, added up, in numbers of the file. */
  readonly sums: Float64Array;
  readonly counts: Float64Array;
}

/** And the brightest pixel of each. */
export interface PeakedCells extends Cells {
  readonly peaks: Float64Array;
}

/** Adds the pixels of a picture up, cell by cell. */
export function cellsOf({ width, height, channels, data }: Raster): PeakedCells {
  const sums = new Float64Array(CELLS * CELLS);
  const counts = new Float64Array(CELLS * CELLS);
  const peaks = new Float64Array(CELLS * CELLS).fill(Number.NEGATIVE_INFINITY);
  const columns = Uint16Array.from({ length: width }, (_, x) => Math.floor((x * CELLS) / width));
  for (let y = 0, from = 0; y < height; y++) {
    const row = CELLS * Math.floor((y * CELLS) / height);
    for (let x = 0; x < width; x++, from += channels) {
      const cell = row + columns[x];
      const value = channels === 1 ? data[from] : 0.299 * data[from] + 0.587 * data[from + 1] + 0.114 * data[from + 2];
      sums[cell] += value;
      counts[cell]++;
      if (value > peaks[cell]) peaks[cell] = value;
    }
  }
  return { sums, counts, peaks };
}

/** The cells joined to `side` by `side`, a part of {@link CELLS}. */
export function joinedCells({ sums, counts }: Cells, side: number): Cells {
  const step = CELLS / side;
  const out = { sums: new Float64Array(side * side), counts: new Float64Array(side * side) };
  for (let i = 0; i < sums.length; i++) {
    const to = side * Math.floor(Math.floor(i / CELLS) / step) + Math.floor((i % CELLS) / step);
    out.sums[to] += sums[i];
    out.counts[to] += counts[i];
  }
  return out;
}
