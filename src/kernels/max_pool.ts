import { GpuArray } from '../gpu/array.ts';
import { type ConvolutionWindow, windowPlaces } from './convolution.ts';
import { max_pool } from './shaders.gen.ts';
import { elementGrid, expectAtMost, expectShape } from './shapes.ts';

/** Above this one invocation would take more iterations than lavapipe runs. */
const MOST_SIDE = 200;

/**
 * Largest value of every window; padding counts as less than any.
 * @param x [B, H, W, C]
 * @returns [B, H', W', C]
 */
export function maxPool(x: GpuArray, window: ConvolutionWindow): GpuArray {
  const { side, stride, pad = 0 } = window;
  const [batch, height, width, channels] = x.shape;
  expectShape('max_pool', x, [batch, height, width, channels]);
  expectAtMost('max_pool: side', side, MOST_SIDE);
  const [outHeight, outWidth] = [windowPlaces(height, window), windowPlaces(width, window)];
  if (outHeight < 1 || outWidth < 1) throw new Error(`max_pool: no window of ${side} fits into [${x.shape}]`);
  const y = GpuArray.empty(x.gpu, [batch, outHeight, outWidth, channels]);
  x.gpu.run({
    shader: max_pool,
    buffers: { x, y },
    params: {
      ...{ count: y.size, height, width, channels, side, stride, pad },
      ...{ out_height: outHeight, out_width: outWidth },
    },
    groups: elementGrid(y.size, max_pool.constants.WORKGROUP),
    flops: side * side * y.size,
  });
  return y;
}
