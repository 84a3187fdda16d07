import { GpuArray } from '../gpu/array.ts';
import { l2_normalize, l2_normalize_backward, l2_normalize_backward_odd, l2_normalize_odd } from './shaders.gen.ts';
import { elementGrid, expectAtMost, expectShape } from './shapes.ts';

/** One invocation goes through a row twice. */
const MOST_WIDTH = 16_384;

/** What the forward leaves for the backward. */
export interface L2NormalizeResult {
  /** [..., width] */
  readonly y: GpuArray;
  /** [rows], 1 / max(|x|, eps) */
  readonly inverseNorm: GpuArray;
}

/**
 * y = x / max(|x|, eps) for each row.
 * @param x [..., width]
 * @param eps below this length the divisor is the constant eps
 */
export function l2Normalize(x: GpuArray, eps = 1e-12): L2NormalizeResult {
  const { gpu, rows, width } = x;
  expectAtMost('l2_normalize: width', width, MOST_WIDTH);
  const y = GpuArray.empty(gpu, x.shape);
  const inverseNorm = GpuArray.empty(gpu, [rows]);
  const buffers = { x, y, inverse_norm: inverseNorm };
  const flops = 3 * x.size;
  if (width % 4 === 0) {
    const groups = elementGrid(rows, l2_normalize.constants.WORKGROUP);
    gpu.run({ shader: l2_normalize, buffers, params: { rows, width4: width / 4, eps }, groups, flops });
  } else {
    const groups = elementGrid(rows, l2_normalize_odd.constants.WORKGROUP);
    gpu.run({ shader: l2_normalize_odd, buffers, params: { rows, width, eps }, groups, flops });
  }
  return { y, inverseNorm };
}

/**
 * d loss / dx.
 * @param grad d loss / dy, [..., width]
 * @param y [..., width] and @param inverseNorm [rows] from {@link l2Normalize} with the same eps
 */
export function l2NormalizeBackward(grad: GpuArray, y: GpuArray, inverseNorm: GpuArray, eps = 1e-12): GpuArray {
  const { gpu, rows, width } = grad;
  expectShape('l2_normalize gradient', grad, y.shape);
  expectShape('l2_normalize inverse norm', inverseNorm, [rows]);
  const dx = GpuArray.empty(gpu, grad.shape);
  const buffers = { grad, y, inverse_norm: inverseNorm, dx };
  const flops = 5 * grad.size;
  if (width % 4 === 0) {
    const groups = elementGrid(rows, l2_normalize_backward.constants.WORKGROUP);
    gpu.run({ shader: l2_normalize_backward, buffers, params: { rows, width4: width / 4, eps }, groups, flops });
  } else {
    const groups = elementGrid(rows, l2_normalize_backward_odd.constants.WORKGROUP);
    gpu.run({ shader: l2_normalize_backward_odd, buffers, params: { rows, width, eps }, groups, flops });
  }
  return dx;
}
