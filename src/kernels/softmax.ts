import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { rowLaunch } from './rows.ts';
import { softmax as rowSoftmax, softmax_backward, softmax_pair, softmax_pair_backward } from './shaders.gen.ts';
import { elementGrid, expectAtMost, expectShape } from './shapes.ts';

/** Above this a row would take more iterations than lavapipe runs. */
const MOST_WIDTH = 80_000;

/** Two columns, the classes of every pixel: an invocation does two rows. */
const pairLaunch = (_: Gpu, rows: number) => ({
  groups: elementGrid(Math.ceil(rows / 2), softmax_pair.constants.WORKGROUP),
});
/** The first that fits the width. */
const VARIANTS = [
  { fits: (width: number) => width === 2, forward: softmax_pair, backward: softmax_pair_backward, launch: pairLaunch },
  { fits: () => true, forward: rowSoftmax, backward: softmax_backward, launch: rowLaunch },
] as const;

function variantFor(width: number): (typeof VARIANTS)[number] {
  return VARIANTS.find(({ fits }) => fits(width))!;
}

/**
 * Softmax over the last axis.
 * @param x [..., width]; two columns, the classes of every pixel, have a kernel of their own
 */
export function softmax(x: GpuArray): GpuArray {
  const { gpu, rows, width } = x;
  expectAtMost('softmax: width', width, MOST_WIDTH);
  const y = GpuArray.empty(gpu, x.shape);
  const { forward: shader, launch } = variantFor(width);
  gpu.run({
    shader,
    buffers: { x, y },
    params: { rows, width },
    ...launch(gpu, rows, width),
    flops: 10 * x.size,
  });
  return y;
}

/**
 * d loss / dx.
 * @param grad d loss / dy, [..., width]
 * @param y what {@link softmax} returned
 */
export function softmaxBackward(grad: GpuArray, y: GpuArray): GpuArray {
  const { gpu, rows, width } = y;
  expectShape('softmax gradient', grad, y.shape);
  expectAtMost('softmax: width', width, MOST_WIDTH);
  const dx = GpuArray.empty(gpu, y.shape);
  const { backward: shader, launch } = variantFor(width);
  gpu.run({
    shader,
    buffers: { grad, y, dx },
    params: { rows, width },
    ...launch(gpu, rows, width),
    flops: 4 * y.size,
  });
  return dx;
}
