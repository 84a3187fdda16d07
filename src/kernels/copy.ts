import type { GpuArray } from '../gpu/array.ts';

/** Which elements are copied; by default all of `from`, to the beginning. */
export interface CopyPlace {
  /** First element of `from`. */
  readonly fromAt?: number;
  /** First element of `to`. */
  readonly toAt?: number;
  readonly count?: number;
}

/**
 * Copies elements of one array into another of the same element size (4 bytes), wherever the two lie in their buffers.
 * @throws Error when either array is too short
 */
export function copyElements(from: GpuArray, to: GpuArray, place: CopyPlace = {}): void {
  const { fromAt = 0, toAt = 0, count = from.size - fromAt } = place;
  if (fromAt + count > from.size || toAt + count > to.size) {
    throw new Error(`copy: ${count} elements from ${fromAt} of [${from.shape}] do not fit at ${toAt} of [${to.shape}]`);
  }
  const bytes = 4 * count;
  from.gpu.copy(
    { buffer: from.buffer, offset: from.offset + 4 * fromAt, bytes },
    { buffer: to.buffer, offset: to.offset + 4 * toAt, bytes },
  );
}
