import { axisWeights } from '../data/resize.ts';

/**
 * CLIP's position table for another number of patches: `table` [from² + 1, width] to [to² + 1, width].
 *
 * The row of the class token is kept; the grid is resampled along x, then along y, with the antialiased bicubic kernel
 * of a = −1/2, in float64 with one rounding at the end. This is open_clip's `resize_pos_embed`; the interpolation
 * inside Hugging Face's CLIP is not antialiased and gives other numbers.
 */
export function resizePositions(table: Float32Array, from: number, to: number): Float32Array<ArrayBuffer> {
  if (from === to) return new Float32Array(table);
  const width = table.length / (from * from + 1);
  if (!Number.isInteger(width)) {
    throw new RangeError(`a position table of ${table.length} numbers does not belong to a ${from}×${from} grid`);
  }
  const weights = axisWeights(from, to, 'bicubic');
  const rows = new Float64Array(from * to * width); // [from, to, width]
  for (let y = 0; y < from; y++) {
    for (let x = 0; x < to; x++) {
      const target = (y * to + x) * width;
      weights[x].weights.forEach((weight, k) => {
        const source = (1 + y * from + weights[x].start + k) * width;
        for (let c = 0; c < width; c++) rows[target + c] += weight * table[source + c];
      });
    }
  }
  const out = new Float32Array((to * to + 1) * width);
  out.set(table.subarray(0, width));
  const sums = new Float64Array(to * width);
  for (let y = 0; y < to; y++) {
    sums.fill(0);
    weights[y].weights.forEach((weight, k) => {
      const source = (weights[y].start + k) * sums.length;
      for (let i = 0; i < sums.length; i++) sums[i] += weight * rows[source + i];
    });
    out.set(sums, width + y * sums.length);
  }
  return out;
}
