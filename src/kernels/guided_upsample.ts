import { GpuArray } from '../gpu/array.ts';
import { guided_upsample } from './shaders.gen.ts';
import { expectAtMost, expectShape } from './shapes.ts';

/** How far a pixel looks, and what counts as near. */
export interface Guidance {
  /** Pixels to each side of the window. */
  readonly radius: number;
  /** Standard deviation in pixels. */
  readonly space: number;
  /** Standard deviation in the units of the guide: of the root mean square over its channels. */
  readonly range: number;
}

/** Operations of one pixel of a window. */
const FLOPS = 22;

/** The largest window: 97×97 pixels. */
export const MOST_RADIUS = 48;

/**
 * Draws maps that were upsampled from patches to the edges of their images: each pixel becomes the mean of its window,
 * weighted by nearness in space and in the guide (joint bilateral upsampling).
 * @param x maps [B, H, W]
 * @param guide images [B, 3, H, W]
 * @returns [B, H, W]
 */
export function guidedUpsample(x: GpuArray, guide: GpuArray, { radius, space, range }: Guidance): GpuArray {
  const [batch, height, width] = x.shape;
  expectShape('guided_upsample map', x, [batch, height, width]);
  const channels = guided_upsample.constants.CHANNELS;
  expectShape('guided_upsample guide', guide, [batch, channels, height, width]);
  expectAtMost('guided_upsample: radius', radius, MOST_RADIUS);
  const y = GpuArray.empty(x.gpu, x.shape);
  const lines = batch * height;
  const flops = FLOPS * (2 * radius + 1) ** 2 * width;
  const step = Math.ceil(lines / x.gpu.budget.pieces(flops * lines));
  const weights = { space: 0.5 / space ** 2, range: 0.5 / (channels * range ** 2) };
  for (let first = 0; first < lines; first += step) {
    const end = Math.min(lines, first + step);
    x.gpu.run({
      shader: guided_upsample,
      buffers: { x, guide, y },
      params: { height, width, radius, ...weights, first, end },
      groups: [Math.ceil(width / 8), Math.ceil((end - first) / 8)],
      flops: flops * (end - first),
    });
  }
  return y;
}
