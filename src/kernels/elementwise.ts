import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { binary } from './binary.ts';
import {
  elementwise_add_into,
  elementwise_clamp,
  elementwise_fill,
  elementwise_scale,
  elementwise_scale_rows,
} from './shaders.gen.ts';
import { elementGrid, expectShape, quads } from './shapes.ts';
import { sumAxis } from './sum_axis.ts';

/** a + b; shapes broadcast, see {@link binary}. */
export function add(a: GpuArray, b: GpuArray): GpuArray {
  return binary('add', a, b);
}

/** factor · x, any shape. */
export function scale(x: GpuArray, factor: number): GpuArray {
  const y = GpuArray.empty(x.gpu, x.shape);
  x.gpu.run({
    shader: elementwise_scale,
    buffers: { x, y },
    params: { quads: quads(x), factor },
    groups: elementGrid(quads(x), elementwise_scale.constants.WORKGROUP),
    flops: x.size,
  });
  return y;
}

/** target += alpha · source, in place; equal sizes. The target may be a view into a larger array. */
export function addInto(target: GpuArray, source: GpuArray, alpha = 1): void {
  expectShape('addInto', source, target.shape);
  target.gpu.run({
    shader: elementwise_add_into,
    buffers: { x: source, total: target },
    params: { size: target.size, alpha },
    groups: elementGrid(quads(target), elementwise_add_into.constants.WORKGROUP),
    flops: 2 * target.size,
  });
}

/** Keeps every element in [low, high], in place. */
export function clamp(x: GpuArray, low: number, high: number): void {
  x.gpu.run({
    shader: elementwise_clamp,
    buffers: { x },
    params: { size: x.size, low, high },
    groups: elementGrid(x.size, elementwise_clamp.constants.WORKGROUP),
  });
}

/**
 * y[r, c] = x[r, c] · w[r].
 * @param x [...rows, C]
 * @param w one value per row, any shape
 */
export function scaleRows(x: GpuArray, w: GpuArray): GpuArray {
  if (w.size !== x.rows)
    throw new Error(`scaleRows: [${w.shape}] does not give one factor for each row of [${x.shape}]`);
  const y = GpuArray.empty(x.gpu, x.shape);
  x.gpu.run({
    shader: elementwise_scale_rows,
    buffers: { x, w, y },
    params: { size: x.size, width: x.width },
    groups: elementGrid(quads(x), elementwise_scale_rows.constants.WORKGROUP),
    flops: x.size,
  });
  return y;
}

/** Sum of all elements: [1]. */
export function sumAll(x: GpuArray): GpuArray {
  return sumAxis(x, [1, x.size, 1], [1]);
}

/** An array that holds one value everywhere. */
export function fill(shape: readonly number[], value: number, gpu: Gpu): GpuArray {
  const y = GpuArray.empty(gpu, shape);
  gpu.run({
    shader: elementwise_fill,
    buffers: { y },
    params: { quads: quads(y), value },
    groups: elementGrid(quads(y), elementwise_fill.constants.WORKGROUP),
  });
  return y;
}
