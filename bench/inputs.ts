import { storeValues } from '../src/clip/weight_storage.ts';
import { GpuArray } from '../src/gpu/array.ts';
import type { Gpu } from '../src/gpu/gpu.ts';
import { numbers } from '../src/lab/inputs.ts';

/** A reproducible array of numbers in [-1, 1): zeros would be faster than data on some machines. */
export function filled(gpu: Gpu, ...shape: number[]): GpuArray {
  return GpuArray.from(gpu, numbers(shape), shape);
}

/** {@link filled}, rounded to a type of half the size. */
export function filledHalf(gpu: Gpu, dtype: 'f16' | 'bf16', ...shape: number[]): GpuArray {
  const { data } = storeValues('input', numbers(shape), dtype);
  return GpuArray.fromBits(gpu, data as Uint16Array<ArrayBuffer>, shape, dtype);
}
