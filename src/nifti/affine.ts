/** Three rows of four: `x = a[0][0] i + a[0][1] j + a[0][2] k + a[0][3]`, in millimetres to the right; then front, head. */
export type Affine = readonly (readonly number[])[];

/**
 * The affine of a quaternion (qform, method 2 of the standard).
 * @param imaginary its parts b, c and d
 * @param spacing pixdim[0…3]: the first is the side that the third axis is turned to
 * Throws an `Error` where the parts make no rotation.
 */
export function quaternionAffine(
  [b, c, d]: readonly number[],
  offset: readonly number[],
  spacing: readonly number[],
): Affine {
  const rest = 1 - (b * b + c * c + d * d);
  // Rounded in 32 bits the sum may be a little more than 1; nibabel draws the line here too.
  if (!(rest > -3 * 1.2e-7)) throw new Error('its quaternion is no rotation');
  const a = rest > 0 ? Math.sqrt(rest) : 0;
  const side = spacing[0] < 0 ? -1 : 1;
  const [dx, dy, dz] = [spacing[1], spacing[2], spacing[3] * side];
  return [
    [(a * a + b * b - c * c - d * d) * dx, 2 * (b * c - a * d) * dy, 2 * (b * d + a * c) * dz, offset[0]],
    [2 * (b * c + a * d) * dx, (a * a + c * c - b * b - d * d) * dy, 2 * (c * d - a * b) * dz, offset[1]],
    [2 * (b * d - a * c) * dx, 2 * (c * d + a * b) * dy, (a * a + d * d - b * b - c * c) * dz, offset[2]],
  ];
}

/** The affine of a file that has none: its spacings, the origin in the middle, the first column to the right. */
export function baseAffine(shape: readonly number[], spacing: readonly number[]): Affine {
  const steps = [-spacing[1], spacing[2], spacing[3]];
  return steps.map((step, i) => {
    const row = [0, 0, 0, (-step * (shape[i] - 1)) / 2];
    row[i] = step;
    return row;
  });
}

/** Whether voxels lie in a plane or a line, so that places say nothing of them. An axis with one voxel may have no length. */
export function isFlat(affine: Affine, shape: readonly number[]): boolean {
  const columns = [0, 1, 2].map((axis) => affine.map((row) => row[axis]));
  const lengths = columns.map((column) => Math.hypot(...column));
  if (lengths.some((length, axis) => length === 0 && shape[axis] > 1)) return true;
  if (lengths.includes(0)) return false;
  const [a, b, c] = columns.map((column, axis) => column.map((value) => value / lengths[axis]));
  const cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  return Math.abs(cross[0] * c[0] + cross[1] * c[1] + cross[2] * c[2]) < 1e-6;
}
