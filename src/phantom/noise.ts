import { fmix32, ruleUniform } from '../base/rule.ts';

/** The four weights of a cubic B-spline at the fraction `t` between two knots. */
function splineWeights(t: number): [number, number, number, number] {
  const s = 1 - t;
  const [t2, s2] = [t * t, s * s];
  return [(s2 * s) / 6, 2 / 3 - t2 + (t2 * t) / 2, 2 / 3 - s2 + (s2 * s) / 2, (t2 * t) / 6];
}

/** Knot left of each pixel centre and its weights, for `cells` cells over `size` pixels. */
function knots(size: number, cells: number): { first: Int32Array; weights: Float64Array } {
  const first = new Int32Array(size);
  const weights = new Float64Array(4 * size);
  for (let i = 0; i < size; i++) {
    const at = ((i + 0.5) * cells) / size;
    first[i] = Math.floor(at);
    weights.set(splineWeights(at - first[i]), 4 * i);
  }
  return { first, weights };
}

/** Brings the spline's values to a standard deviation of about 1. */
const UNIT = 3.6;

/**
 * Smooth noise [size, size] of about unit variance: random knots, `cellsX` by `cellsY` cells over the picture, and a
 * cubic spline between them. A feature is about two cells long. The same field at every size, but for resolution.
 */
export function noiseField(size: number, seed: number, cellsX: number, cellsY = cellsX): Float32Array {
  const [columns, rows] = [Math.ceil(cellsX) + 3, Math.ceil(cellsY) + 3];
  const lattice = ruleUniform('phantom.lattice', seed, rows * columns, 0, UNIT);
  const across = knots(size, cellsX);
  const down = knots(size, cellsY);
  const lines = new Float32Array(rows * size);
  for (let r = 0, to = 0; r < rows; r++) {
    for (let x = 0, k = 0; x < size; x++, to++, k += 4) {
      const at = r * columns + across.first[x];
      const w = across.weights;
      lines[to] =
        lattice[at] * w[k] + lattice[at + 1] * w[k + 1] + lattice[at + 2] * w[k + 2] + lattice[at + 3] * w[k + 3];
    }
  }
  const out = new Float32Array(size * size);
  for (let y = 0, to = 0; y < size; y++) {
    const [w0, w1, w2, w3] = down.weights.subarray(4 * y, 4 * y + 4);
    let [a, b, c, d] = [0, 1, 2, 3].map((i) => (down.first[y] + i) * size);
    for (let x = 0; x < size; x++) out[to++] = lines[a++] * w0 + lines[b++] * w1 + lines[c++] * w2 + lines[d++] * w3;
  }
  return out;
}

/** Noise of `octaves` fields, each twice as fine and half as strong as the one before; about unit variance. */
export function fractalField(size: number, seed: number, cells: number, octaves: number): Float32Array {
  const out = noiseField(size, seed, cells);
  let [gain, sum, fine] = [1, 1, cells];
  for (let o = 1; o < octaves; o++) {
    gain /= 2;
    fine *= 2;
    sum += gain * gain;
    const finer = noiseField(size, fmix32(seed + o), fine);
    for (let i = 0; i < out.length; i++) out[i] += gain * finer[i];
  }
  const scale = 1 / Math.sqrt(sum);
  for (let i = 0; i < out.length; i++) out[i] *= scale;
  return out;
}

/** White noise of unit variance, close to normal: the sum of a hash's four bytes. */
export function whiteNoise(count: number, seed: number): Float32Array {
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const h = fmix32(seed + Math.imul(i, 0x9e3779b1));
    const sum = (h & 255) + ((h >>> 8) & 255) + ((h >>> 16) & 255) + (h >>> 24);
    out[i] = (sum - 510) * 0.0067659; // 1 / sqrt(4 · (256² − 1) / 12)
  }
  return out;
}

/** A mean over `2 reach + 1` pixels of each row (edges repeat), in place of `field`. */
export function blurRows(field: Float32Array, size: number, reach: number): Float32Array {
  if (reach <= 0) return field;
  const out = new Float32Array(field.length);
  const scale = 1 / (2 * reach + 1);
  for (let y = 0; y < size; y++) {
    const row = y * size;
    for (let x = 0; x < size; x++) {
      let sum = 0;
      for (let k = -reach; k <= reach; k++) sum += field[row + Math.min(size - 1, Math.max(0, x + k))];
      out[row + x] = sum * scale;
    }
  }
  return out;
}
