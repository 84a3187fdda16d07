import { GpuArray } from '../gpu/array.ts';
import { softmax as rowSoftmax, softmax_backward, softmax_pair, softmax_pair_backward } from './shaders.gen.ts';
import { elementGrid, expectAtMost, expectShape, quads } from './shapes.ts';

/** Above this a row would take more iterations than lavapipe runs. */
const MOST_WIDTH = 80_000;

/**
 * Softmax over the last axis.
 * @param x [..., width]; two columns, the classes of every pixel, have a kernel of their own
 */
export function softmax(x: GpuArray): GpuArray {
  const { gpu, rows, width } = x;
  expectAtMost('softmax: width', width, MOST_WIDTH);
  const y = GpuArray.empty(gpu, x.shape);
  const flops = 10 * x.size;
  if (width === 2) {
    const groups = elementGrid(quads(x), softmax_pair.constants.WORKGROUP);
    gpu.run({ shader: softmax_pair, buffers: { x, y }, params: { quads: quads(x) }, groups, flops });
  } else {
    const groups = elementGrid(rows, rowSoftmax.constants.WORKGROUP);
    gpu.run({ shader: rowSoftmax, buffers: { x, y }, params: { rows, width }, groups, flops });
  }
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
  const buffers = { grad, y, dx };
  const flops = 4 * y.size;
  if (width === 2) {
    const groups = elementGrid(quads(y), softmax_pair_backward.constants.WORKGROUP);
    gpu.run({ shader: softmax_pair_backward, buffers, params: { quads: quads(y) }, groups, flops });
  } else {
    const groups = elementGrid(rows, softmax_backward.constants.WORKGROUP);
    gpu.run({ shader: softmax_backward, buffers, params: { rows, width }, groups, flops });
  }
  return dx;
}
