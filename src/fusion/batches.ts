import { GpuArray } from '../gpu/array.ts';

/** Arrays [1, ...] of single images one after the other into [n, ...]. */
export function copyInto(out: GpuArray, images: readonly GpuArray[]): void {
  images.forEach((a, i) => {
    const bytes = 4 * a.size;
    out.gpu.copy({ buffer: a.buffer, offset: a.offset, bytes }, { buffer: out.buffer, offset: bytes * i, bytes });
  });
}

/** Arrays [1, ...] of single images as one batch [n, ...], owned by the current scope. */
export function joinImages(images: readonly GpuArray[]): GpuArray {
  const [{ gpu, shape }] = images;
  const out = GpuArray.empty(gpu, [images.length, ...shape.slice(1)]);
  copyInto(out, images);
  return out;
}

/** Image `i` of a batch as an array [1, ...] of its own. */
export function imageOf(batch: GpuArray, i: number): GpuArray {
  const inner = batch.shape.slice(1);
  const bytes = (4 * batch.size) / batch.shape[0];
  const out = GpuArray.empty(batch.gpu, [1, ...inner]);
  batch.gpu.copy(
    { buffer: batch.buffer, offset: batch.offset + i * bytes, bytes },
    { buffer: out.buffer, offset: 0, bytes },
  );
  return out;
}
