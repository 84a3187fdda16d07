import { GpuArray } from '../gpu/array.ts';
import { guided_upsample_registers, guided_upsample as reference } from './shaders.gen.ts';
import { expectAtMost, expectShape } from './shapes.ts';

/** The variants of guided upsampling, slowest first. */
export type GuidedUpsampleVariant = 'reference' | 'registers';

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

/** Lines of one invocation in the `registers` variant. */
const OWN_LINES = 8;

/** The largest window: 97×97 pixels. */
export const MOST_RADIUS = 48;

/**
 * Draws maps that were upsampled from patches to the edges of their images: each pixel becomes the mean of its window,
 * weighted by nearness in space and in the guide (joint bilateral upsampling).
 * @param x maps [B, H, W]
 * @param guide images [B, 3, H, W]
 * @returns [B, H, W]
 */
export function guidedUpsample(x: GpuArray, guide: GpuArray, guidance: Guidance): GpuArray {
  return guidedUpsampleWith(undefined, x, guide, guidance);
}

/** {@link guidedUpsample} with a given variant (undefined: the best one), for tests and benches. */
export function guidedUpsampleWith(
  forced: GuidedUpsampleVariant | undefined,
  x: GpuArray,
  guide: GpuArray,
  { radius, space, range }: Guidance,
): GpuArray {
  const { gpu } = x;
  const [batch, height, width] = x.shape;
  expectShape('guided_upsample map', x, [batch, height, width]);
  const channels = reference.constants.CHANNELS;
  expectShape('guided_upsample guide', guide, [batch, channels, height, width]);
  expectAtMost('guided_upsample: radius', radius, MOST_RADIUS);
  const y = GpuArray.empty(gpu, x.shape);
  const registers = (forced ?? (gpu.facts.software ? 'registers' : 'reference')) === 'registers';
  // Of how many lines a row of invocations takes care, and how many invocations stand beside and above each other in a workgroup.
  const [own, wide, tall] = registers ? [OWN_LINES, 8, 1] : [1, 32, 2];
  const rows = registers ? batch * Math.ceil(height / own) : batch * height;
  const flops = FLOPS * (2 * radius + 1) ** 2 * width * own;
  const step = Math.ceil(rows / gpu.budget.pieces(flops * rows));
  const unit = registers ? Math.LOG2E : 1;
  const weights = { space: (0.5 * unit) / space ** 2, range: (0.5 * unit) / (channels * range ** 2) };
  for (let first = 0; first < rows; first += step) {
    const end = Math.min(rows, first + step);
    gpu.run({
      shader: registers ? guided_upsample_registers : reference,
      buffers: { x, guide, y },
      params: { height, width, radius, ...weights, first, end },
      groups: [Math.ceil(width / wide), Math.ceil((end - first) / tall)],
      flops: flops * (end - first),
    });
  }
  return y;
}
