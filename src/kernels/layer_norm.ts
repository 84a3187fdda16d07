import { GpuArray } from '../gpu/array.ts';
import { layer_norm } from './shaders.gen.ts';
import { expectShape } from './shapes.ts';

/** What the forward leaves for the backward. */
export interface LayerNormResult {
  /** [..., width] */
  readonly y: GpuArray;
  /** [rows] */
  readonly mean: GpuArray;
  /** [rows], 1 / standard deviation */
  readonly rstd: GpuArray;
}

/**
 * Layer norm over the last axis: y = (x − mean) / √(variance + eps) · weight + bias.
 * @param x [..., width]
 * @param weight [width]
 * @param bias [width]
 */
export function layerNorm(x: GpuArray, weight: GpuArray, bias: GpuArray, eps = 1e-5): LayerNormResult {
  const { gpu, rows, width } = x;
  expectShape('layer_norm weight', weight, [width]);
  expectShape('layer_norm bias', bias, [width]);
  const y = GpuArray.empty(gpu, x.shape);
  const mean = GpuArray.empty(gpu, [rows]);
  const rstd = GpuArray.empty(gpu, [rows]);
  gpu.run({
    shader: layer_norm,
    buffers: { x, weight, bias, y, mean, rstd },
    params: { rows, width, eps },
    groups: [Math.ceil(rows / layer_norm.constants.WORKGROUP)],
    flops: 8 * rows * width,
  });
  return { y, mean, rstd };
}
