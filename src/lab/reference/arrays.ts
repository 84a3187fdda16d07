/** Arrays of any shape in float64, element by element: what the references of arithmetic and of axes are written with. */

/** Values of an array of `shape`, each from its place along the axes; row-major. */
export function build(shape: readonly number[], value: (place: readonly number[]) => number): Float64Array {
  const size = shape.reduce((product, n) => product * n, 1);
  return Float64Array.from({ length: size }, (_, i) => {
    const place: number[] = [];
    let left = i;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place.unshift(left % shape[axis]);
      left = Math.floor(left / shape[axis]);
    }
    return value(place);
  });
}

/** The value at a place; the array is repeated along axes of length 1 and those that it lacks in front. */
export function at(x: ArrayLike<number>, shape: readonly number[], place: readonly number[]): number {
  let index = 0;
  shape.forEach((n, axis) => {
    index = index * n + (n === 1 ? 0 : place[axis + place.length - shape.length]);
  });
  return x[index];
}

/** a op b over the shape that both are repeated to. */
export function zip(
  f: (a: number, b: number) => number,
  [a, aShape]: readonly [ArrayLike<number>, readonly number[]],
  [b, bShape]: readonly [ArrayLike<number>, readonly number[]],
  shape: readonly number[],
): Float64Array {
  return build(shape, (place) => f(at(a, aShape, place), at(b, bShape, place)));
}

/** Σ over some axes, which keep a length of 1. */
export function sumOver(x: ArrayLike<number>, shape: readonly number[], axes: readonly number[]): Float64Array {
  const kept = shape.map((n, axis) => (axes.includes(axis) ? 1 : n));
  const over = shape.map((n, axis) => (axes.includes(axis) ? n : 1));
  return build(kept, (place) =>
    build(over, (inner) =>
      at(
        x,
        shape,
        place.map((n, axis) => n + inner[axis]),
      ),
    ).reduce((sum, v) => sum + v, 0),
  );
}
