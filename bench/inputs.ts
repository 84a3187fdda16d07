import { GpuArray } from '../src/gpu/array.ts';
import type { Gpu } from '../src/gpu/gpu.ts';

/** A reproducible array of numbers in [-1, 1): zeros would be faster than data on some machines. */
export function filled(gpu: Gpu, ...shape: number[]): GpuArray {
  const host = new Float32Array(shape.reduce((x, y) => x * y, 1));
  let state = 1;
  for (let i = 0; i < host.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    host[i] = state / 2 ** 31 - 1;
  }
  return GpuArray.from(gpu, host, shape);
}
