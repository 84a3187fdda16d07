import { GpuArray } from '../gpu/array.ts';
import { copyElements } from '../kernels/copy.ts';

/** Arrays [1, ...] of single images one after the other into [n, ...]. */
export function copyInto(out: GpuArray, images: readonly GpuArray[]): void {
  images.forEach((a, i) => {
    copyElements(a, out, { toAt: i * a.size });
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
  const out = GpuArray.empty(batch.gpu, [1, ...inner]);
  copyElements(batch, out, { fromAt: i * out.size, count: out.size });
  return out;
}
