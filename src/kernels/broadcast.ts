import { elements } from '../gpu/array.ts';

/**
 * The shape that all of these broadcast to, as in PyTorch: shapes are aligned at their ends, and along each axis the sizes are
 * equal, or 1, or the axis is missing; then the values are repeated.
 * @throws Error that names the shapes
 */
export function broadcastShape(what: string, ...shapes: (readonly number[])[]): number[] {
  const axes = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: axes }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - axes + shape.length] ?? 1);
    const size = sizes.find((n) => n !== 1) ?? 1;
    if (sizes.some((n) => n !== 1 && n !== size)) {
      throw new Error(`${what}: ${shapes.map((shape) => `[${shape}]`).join(' and ')} do not broadcast`);
    }
    return size;
  });
}

/** Elements between neighbours along each axis of a dense array. */
export function denseStrides(shape: readonly number[]): number[] {
  return shape.map((_, axis) => elements(shape.slice(axis + 1)));
}

/** The strides by which an array of `shape` is read as one of `wide`, to which it broadcasts: 0 where it is repeated. */
export function repeatedStrides(shape: readonly number[], wide: readonly number[]): number[] {
  const strides = denseStrides(shape);
  return wide.map((_, axis) => {
    const own = axis - wide.length + shape.length;
    return own < 0 || shape[own] === 1 ? 0 : strides[own];
  });
}

/** Axes of a loop over elements: their extents, and the strides of each operand along them. */
export interface Axes {
  readonly extents: readonly number[];
  readonly strides: readonly (readonly number[])[];
}

/**
 * The fewest axes that visit the same places in the same order: those of one step go, and neighbours become one axis where for
 * every operand the outer one goes on where the inner one ends. There is always at least one.
 * @param most axes that a kernel can do
 * @throws Error when there are more
 */
export function joinAxes(what: string, shape: readonly number[], operands: readonly number[][], most: number): Axes {
  const extents: number[] = [];
  const strides: number[][] = operands.map(() => []);
  shape.forEach((extent, axis) => {
    if (extent === 1) return;
    const last = extents.length - 1;
    if (last >= 0 && operands.every((steps, i) => strides[i][last] === steps[axis] * extent)) {
      extents[last] *= extent;
      operands.forEach((steps, i) => {
        strides[i][last] = steps[axis];
      });
    } else {
      extents.push(extent);
      operands.forEach((steps, i) => void strides[i].push(steps[axis]));
    }
  });
  if (extents.length > most) {
    throw new Error(`${what}: [${shape}] has ${extents.length} axes that are no runs of each other, at most ${most}`);
  }
  return extents.length > 0 ? { extents, strides } : { extents: [1], strides: operands.map(() => [0]) };
}

/** Extents or strides as parameters `PREFIX0`, `PREFIX1`, …; those of axes that a loop has not get any value. */
export function numbered<P extends string>(names: readonly P[], values: readonly number[]): Record<P, number> {
  return Object.fromEntries(names.map((name, i) => [name, values[i] ?? 1])) as Record<P, number>;
}
