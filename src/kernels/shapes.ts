import type { GpuArray } from '../gpu/array.ts';

/** Throws unless the array has exactly this shape (and is f32 unless another type is named). */
export function expectShape(what: string, array: GpuArray, shape: readonly number[], dtype = 'f32'): void {
  if (array.dtype !== dtype || array.shape.length !== shape.length || array.shape.some((n, i) => n !== shape[i])) {
    throw new Error(`${what} must be ${dtype} [${shape}], not ${array.dtype} [${array.shape}]`);
  }
}

/** Workgroups along one side of a launch that every adapter takes. */
export const MOST_GROUPS = 65_535;

/**
 * Workgroups for one invocation per element: a line, folded into a rectangle when it is longer than a dispatch may be.
 * The shader finds its element as `id.y * (num_workgroups.x * WORKGROUP) + id.x`.
 */
export function elementGrid(count: number, workgroup: number): [number, number] {
  const groups = Math.ceil(count / workgroup);
  const x = Math.min(groups, 32768);
  return [x, x === 0 ? 0 : Math.ceil(groups / x)];
}

/** Cuts `total` things into at least so many ranges, if there are as many steps; all but the last are multiples of `step`. */
export function* ranges(total: number, pieces: number, step = 1): Generator<{ start: number; count: number }> {
  const most = step * Math.max(1, Math.floor(total / pieces / step));
  for (let start = 0; start < total; start += most) yield { start, count: Math.min(most, total - start) };
}

/** Number of vec4s that hold the array, the last one perhaps in part. */
export function quads(array: GpuArray): number {
  return Math.ceil(array.size / 4);
}

/** Throws when a size is beyond what one invocation can go through: lavapipe ends loops silently after 65,535 iterations. */
export function expectAtMost(what: string, size: number, most: number): void {
  if (size > most) throw new Error(`${what} of ${size}, at most ${most}`);
}
