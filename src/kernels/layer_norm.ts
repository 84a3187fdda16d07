import { GpuArray } from '../gpu/array.ts';
import { rowLaunch } from './rows.ts';
import {
  layer_norm,
  layer_norm_backward,
  layer_norm_backward_columns,
  layer_norm_backward_vec4,
  layer_norm_vec4,
} from './shaders.gen.ts';
import { elementGrid, expectAtMost, expectShape } from './shapes.ts';
import { sumAxis } from './sum_axis.ts';

/** The first whose multiple a row's width is. */
const VARIANTS = [
  { multiple: 4, forward: layer_norm_vec4, backward: layer_norm_backward_vec4 },
  { multiple: 1, forward: layer_norm, backward: layer_norm_backward },
] as const;

function variantFor(width: number): (typeof VARIANTS)[number] {
  return VARIANTS.find(({ multiple }) => width % multiple === 0)!;
}

/** What the forward leaves for the backward. */
export interface LayerNormResult {
  /** [..., width] */
  readonly y: GpuArray;
  /** [rows, 2], the mean is the sum of the two, see the shader. */
  readonly mean: GpuArray;
  /** [rows], 1 / standard deviation */
  readonly rstd: GpuArray;
}

/** Gradients of {@link layerNorm}; null where not needed. */
export interface LayerNormGradients {
  /** [..., width] */
  readonly x: GpuArray | null;
  /** [width] */
  readonly weight: GpuArray | null;
  /** [width] */
  readonly bias: GpuArray | null;
}

/** One invocation goes through a row three times. */
const MOST_WIDTH = 16_384;
/** Rows that one invocation adds in the first stage of the column sums. */
const CHUNK_ROWS = 64;

/**
 * Layer norm over the last axis: y = (x − mean) / √(variance + eps) · weight + bias.
 * @param x [..., width]
 * @param weight [width]
 * @param bias [width]
 */
export function layerNorm(x: GpuArray, weight: GpuArray, bias: GpuArray, eps = 1e-5): LayerNormResult {
  const { gpu, rows, width } = x;
  expectAtMost('layer_norm: width', width, MOST_WIDTH);
  expectShape('layer_norm weight', weight, [width]);
  expectShape('layer_norm bias', bias, [width]);
  const y = GpuArray.empty(gpu, x.shape);
  const mean = GpuArray.empty(gpu, [rows, 2]);
  const rstd = GpuArray.empty(gpu, [rows]);
  const { multiple, forward: shader } = variantFor(width);
  gpu.run({
    shader,
    buffers: { x, weight, bias, y, mean, rstd },
    params: { rows, width, eps },
    ...rowLaunch(gpu, rows, width / multiple),
    flops: 8 * x.size,
  });
  return { y, mean, rstd };
}

/**
 * Gradients of {@link layerNorm}; those of weight and bias are column sums in two or more stages of fixed order.
 * @param grad d loss / dy, [..., width]
 * @param x the input, [..., width]
 * @param mean [rows, 2] and @param rstd [rows] from the forward
 * @param need which gradients; `weight` stands for weight and bias
 * @param into [..., width], added to in place of a new gradient of x, and returned
 */
export function layerNormBackward(
  grad: GpuArray,
  x: GpuArray,
  weight: GpuArray,
  mean: GpuArray,
  rstd: GpuArray,
  need: { readonly x: boolean; readonly weight: boolean },
  into: GpuArray | null = null,
): LayerNormGradients {
  const { rows, width } = x;
  expectShape('layer_norm gradient', grad, x.shape);
  expectShape('layer_norm weight', weight, [width]);
  expectShape('layer_norm mean', mean, [rows, 2]);
  expectShape('layer_norm rstd', rstd, [rows]);
  const columns = need.weight ? columnGradients(grad, x, mean, rstd) : { weight: null, bias: null };
  return { x: need.x ? inputGradient(grad, x, weight, mean, rstd, into) : null, ...columns };
}

function inputGradient(
  grad: GpuArray,
  x: GpuArray,
  weight: GpuArray,
  mean: GpuArray,
  rstd: GpuArray,
  into: GpuArray | null,
): GpuArray {
  const { gpu, rows, width } = x;
  if (into) expectShape('layer_norm sum of gradients', into, x.shape);
  const dx = into ?? GpuArray.empty(gpu, x.shape);
  const { multiple, backward: shader } = variantFor(width);
  const { constants, groups } = rowLaunch(gpu, rows, width / multiple);
  gpu.run({
    shader,
    buffers: { grad, x, weight, mean, rstd, dx },
    params: { rows, width },
    groups,
    constants: { ...constants, ADD: Number(into !== null) },
    flops: 9 * x.size,
  });
  return dx;
}

function columnGradients(
  grad: GpuArray,
  x: GpuArray,
  mean: GpuArray,
  rstd: GpuArray,
): { weight: GpuArray; bias: GpuArray } {
  const { gpu, rows, width } = x;
  const chunks = Math.max(1, Math.ceil(rows / CHUNK_ROWS));
  const dweight = GpuArray.empty(gpu, [chunks, width]);
  const dbias = GpuArray.empty(gpu, [chunks, width]);
  gpu.run({
    shader: layer_norm_backward_columns,
    buffers: { grad, x, mean, rstd, dweight, dbias },
    params: { rows, width, chunks },
    groups: elementGrid(chunks * width, layer_norm_backward_columns.constants.WORKGROUP),
    flops: 5 * x.size,
  });
  if (chunks === 1) return { weight: dweight.reshape([width]), bias: dbias.reshape([width]) };
  const weight = sumAxis(dweight, [1, chunks, width], [width]);
  const bias = sumAxis(dbias, [1, chunks, width], [width]);
  dweight.release();
  dbias.release();
  return { weight, bias };
}
