import { GpuArray } from '../gpu/array.ts';
import { rowLaunch } from './rows.ts';
import { l2_normalize, l2_normalize_backward, l2_normalize_backward_vec4, l2_normalize_vec4 } from './shaders.gen.ts';
import { expectAtMost, expectShape } from './shapes.ts';

/** One invocation goes through a row twice. */
const MOST_WIDTH = 16_384;

/** The first whose multiple a row's width is. */
const VARIANTS = [
  { multiple: 4, forward: l2_normalize_vec4, backward: l2_normalize_backward_vec4 },
  { multiple: 1, forward: l2_normalize, backward: l2_normalize_backward },
] as const;

function variantFor(width: number): (typeof VARIANTS)[number] {
  return VARIANTS.find(({ multiple }) => width % multiple === 0)!;
}

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
  const { multiple, forward: shader } = variantFor(width);
  gpu.run({
    shader,
    buffers: { x, y, inverse_norm: inverseNorm },
    params: { rows, width, eps },
    ...rowLaunch(gpu, rows, width / multiple),
    flops: 3 * x.size,
  });
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
  const { multiple, backward: shader } = variantFor(width);
  gpu.run({
    shader,
    buffers: { grad, y, inverse_norm: inverseNorm, dx },
    params: { rows, width, eps },
    ...rowLaunch(gpu, rows, width / multiple),
    flops: 5 * grad.size,
  });
  return dx;
}
