import type { Affine } from '../nifti/affine.ts';

/** Three numbers. */
export type Vector = readonly [number, number, number];

/** The inner product. */
export function dot(a: readonly number[], b: readonly number[]): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** The vector at a right angle to both. */
export function cross(a: readonly number[], b: readonly number[]): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** `a - b` */
export function minus(a: readonly number[], b: readonly number[]): Vector {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

/** `a` times a number. */
export function times(a: readonly number[], factor: number): Vector {
  return [a[0] * factor, a[1] * factor, a[2] * factor];
}

/** Length of a vector. */
export function lengthOf(a: readonly number[]): number {
  return Math.hypot(a[0], a[1], a[2]);
}

/** How far an orientation may be from two unit vectors at a right angle, to be taken for rounding and put right. */
const SLACK = 0.01;

/**
 * Directions along a row, down a column and of the slice normal, put right where they are a little off (files round them).
 * Null where they are no directions at all.
 */
export function directions(orientation: readonly number[]): readonly [Vector, Vector, Vector] | null {
  const [row, column] = [orientation.slice(0, 3), orientation.slice(3, 6)];
  const [a, b] = [lengthOf(row), lengthOf(column)];
  if (!(Math.abs(a - 1) < SLACK && Math.abs(b - 1) < SLACK && Math.abs(dot(row, column)) < SLACK)) return null;
  const x = times(row, 1 / a);
  const down = minus(column, times(x, dot(x, column)));
  const y = times(down, 1 / lengthOf(down));
  return [x, y, cross(x, y)];
}

/**
 * The affine of slices, from DICOM's directions (to the left, back and head) to NIfTI's (right, front, head).
 * @param spacing millimetres between rows, and between columns
 * @param step from one slice to the next, in DICOM's directions
 */
export function affineOf(
  [row, column]: readonly [Vector, Vector, Vector],
  spacing: readonly number[],
  origin: readonly number[],
  step: readonly number[],
): Affine {
  const columns = [times(row, spacing[1]), times(column, spacing[0]), step, origin];
  return [0, 1, 2].map((i) => columns.map((vector) => (i < 2 && vector[i] !== 0 ? -vector[i] : vector[i])));
}

/** Where a voxel lies. */
export function apply(affine: Affine, i: number, j: number, k: number): Vector {
  const at = (row: readonly number[]) => row[0] * i + row[1] * j + row[2] * k + row[3];
  return [at(affine[0]), at(affine[1]), at(affine[2])];
}

/** The affine that leads back, or null where voxels have no volume. */
export function inverse(affine: Affine): Affine | null {
  const [a, b, c] = affine.map((row) => row.slice(0, 3));
  const [bc, ca, ab] = [cross(b, c), cross(c, a), cross(a, b)];
  const determinant = dot(a, bc);
  if (!(Math.abs(determinant) > 1e-12)) return null;
  const rows = [0, 1, 2].map((i) => times([bc[i], ca[i], ab[i]], 1 / determinant));
  const offset = affine.map((row) => row[3]);
  return rows.map((row) => [...row, -dot(row, offset)]);
}

/** Millimetres between voxels along each axis. */
export function spacings(affine: Affine): Vector {
  const along = (c: number) => Math.hypot(affine[0][c], affine[1][c], affine[2][c]);
  return [along(0), along(1), along(2)];
}

/** Millilitres of a voxel: less than the product of its distances where a volume is slanted. */
export function voxelMillilitres(affine: Affine): number {
  const [a, b, c] = affine.map((row) => row.slice(0, 3));
  return Math.abs(dot(a, cross(b, c))) / 1000;
}

/** The plane that slices lie in, by the axis that their normal is nearest to. */
export function planeOf(affine: Affine): 'sagittal' | 'coronal' | 'axial' {
  const column = (c: number) => affine.map((row) => row[c]);
  const normal = cross(column(0), column(1)).map(Math.abs);
  const most = normal.indexOf(Math.max(...normal));
  return (['sagittal', 'coronal', 'axial'] as const)[most];
}
