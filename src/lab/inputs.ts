/**
 * A reproducible array of numbers in [-1, 1): zeros would be faster than data on some machines.
 * @param seed where the sequence begins
 */
export function numbers(shape: readonly number[], seed = 1): Float32Array<ArrayBuffer> {
  const host = new Float32Array(shape.reduce((x, y) => x * y, 1));
  let state = seed;
  for (let i = 0; i < host.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    host[i] = state / 2 ** 31 - 1;
  }
  return host;
}
