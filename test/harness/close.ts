/** Throws unless |actual − expected| ≤ absolute + relative·|expected| for every element; names the worst one. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { absolute = 0, relative = 0 }: { absolute?: number; relative?: number },
  what = 'values',
): void {
  if (actual.length !== expected.length) {
    throw new Error(`${what}: ${actual.length} elements, expected ${expected.length}`);
  }
  let worst = 0;
  let at = -1;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    const ratio = error === 0 ? 0 : error / (absolute + relative * Math.abs(expected[i]));
    if (!(ratio <= worst)) {
      worst = ratio;
      at = i;
      if (Number.isNaN(ratio)) break;
    }
  }
  if (!(worst <= 1)) {
    throw new Error(
      `${what}: element ${at} is ${actual[at]}, expected ${expected[at]} (${worst.toPrecision(3)} × tolerance)`,
    );
  }
}

/** A reproducible stream in [-1, 1) for test inputs: a plain 32-bit mix of seed and index. */
export function noise(seed: number, length: number, scale = 1): Float32Array<ArrayBuffer> {
  const out = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    let x = (Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(i + 1, 0x85ebca6b)) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    out[i] = scale * (((x ^ (x >>> 16)) >>> 0) / 2 ** 31 - 1);
  }
  return out;
}
