import type { Affine } from '../nifti/affine.ts';
import { apply, inverse } from './geometry.ts';

/** Voxels with a place in space. */
export interface Grid {
  /** Columns, rows, slices. */
  readonly shape: readonly [number, number, number];
  readonly affine: Affine;
}

/**
 * Values of a grid on another one: each voxel takes that of the voxel that its centre lies in, or of the nearest at the border. For grids
 * that are the same but for the order of their axes nothing is lost.
 * Throws an `Error` where voxels have no volume.
 */
export function onGrid(values: Float32Array<ArrayBuffer>, from: Grid, to: Grid): Float32Array<ArrayBuffer> {
  if (String(from.shape) === String(to.shape) && String(from.affine) === String(to.affine)) return values;
  const back = inverse(from.affine);
  if (!back) throw new Error('voxels have no volume');
  const at = (i: number, j: number, k: number) => apply(back, ...apply(to.affine, i, j, k));
  const origin = at(0, 0, 0);
  const steps = [at(1, 0, 0), at(0, 1, 0), at(0, 0, 1)].map((end) => end.map((value, axis) => value - origin[axis]));
  const [width, height, depth] = to.shape;
  const [nx, ny] = from.shape;
  const out = new Float32Array(width * height * depth);
  const inside = (axis: number, value: number) => Math.min(from.shape[axis] - 1, Math.max(0, Math.round(value)));
  for (let k = 0, next = 0; k < depth; k++) {
    for (let j = 0; j < height; j++) {
      for (let i = 0; i < width; i++, next++) {
        const place = (axis: number) =>
          inside(axis, origin[axis] + steps[0][axis] * i + steps[1][axis] * j + steps[2][axis] * k);
        out[next] = values[(place(2) * ny + place(1)) * nx + place(0)];
      }
    }
  }
  return out;
}
