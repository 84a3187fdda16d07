import { GpuArray } from '../gpu/array.ts';
import { softmax as rowSoftmax, softmax_backward, softmax_pair, softmax_pair_backward } from './shaders.gen.ts';
import { elementGrid, expectAtMost, expectShape } from './shapes.ts';

/** Above this a row would take more iterations than lavapipe runs. */
const MOST_WIDTH = 80_000;

/** The first that fits the width; how many rows one invocation does. */
const VARIANTS = [
  { fits: (width: number) => width === 2, forward: softmax_pair, backward: softmax_pair_backward, rowsEach: 2 },
  { fits: () => true, forward: rowSoftmax, backward: softmax_backward, rowsEach: 1 },
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
  const { forward: shader, rowsEach } = variantFor(width);
  gpu.run({
    shader,
    buffers: { x, y },
    params: { rows, width },
    groups: elementGrid(Math.ceil(rows / rowsEach), shader.constants.WORKGROUP),
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
  const { backward: shader, rowsEach } = variantFor(width);
  gpu.run({
    shader,
    buffers: { grad, y, dx },
    params: { rows, width },
    groups: elementGrid(Math.ceil(rows / rowsEach), shader.constants.WORKGROUP),
    flops: 4 * y.size,
  });
  return dx;
}
