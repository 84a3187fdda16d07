import { fmix32 } from '../base/rule.ts';
import { smooth } from '../phantom/arithmetic.ts';

/**
 * Noise [size, size] from 0 to 1: random numbers at the corners of cells, `across` by `down` of them over the picture, and
 * smooth steps between them.
 */
export function grain(size: number, seed: number, across: number, down = across): Float32Array {
  const out = new Float32Array(size * size);
  const columns = Math.ceil(across) + 2;
  const corner = (x: number, y: number) => fmix32(seed + Math.imul(y * columns + x, 0x9e3779b1)) / 4294967296;
  const line = new Float32Array(2 * columns);
  let row = -1;
  for (let y = 0, i = 0; y < size; y++) {
    const v = ((y + 0.5) * down) / size;
    const top = Math.floor(v);
    if (top !== row) {
      row = top;
      for (let x = 0; x < columns; x++) {
        line[x] = corner(x, row);
        line[columns + x] = corner(x, row + 1);
      }
    }
    const fy = smooth(v - top);
    for (let x = 0; x < size; x++, i++) {
      const u = ((x + 0.5) * across) / size;
      const left = Math.floor(u);
      const fx = smooth(u - left);
      const upper = line[left] + fx * (line[left + 1] - line[left]);
      const lower = line[columns + left] + fx * (line[columns + left + 1] - line[columns + left]);
      out[i] = upper + fy * (lower - upper);
    }
  }
  return out;
}

/** Grain of `octaves` scales, each twice as fine and half as strong as the one before; 0 to 1. */
export function roughness(size: number, seed: number, cells: number, octaves: number): Float32Array {
  const out = grain(size, seed, cells);
  let [gain, sum] = [1, 1];
  for (let o = 1; o < octaves; o++) {
    gain /= 2;
    sum += gain;
    const finer = grain(size, seed + 7919 * o, cells * 2 ** o);
    for (let i = 0; i < out.length; i++) out[i] += gain * finer[i];
  }
  for (let i = 0; i < out.length; i++) out[i] /= sum;
  return out;
}

/** A number from 0 to 1 that belongs to a cell of a grid. */
export function cellNumber(seed: number, x: number, y: number): number {
  return fmix32(seed + Math.imul(x, 0x9e3779b1) + Math.imul(y, 0x85ebca6b)) / 4294967296;
}
