import type { GpuArray } from '../gpu/array.ts';
import { type Guidance, guidedUpsample } from '../kernels/guided_upsample.ts';
import type { FusionOptions } from './options.ts';

/** Whether maps are drawn to the edges of their images, for which the images have to be at hand. */
export function isGuided(options: FusionOptions): boolean {
  return options['map.upsample'] === 'guided';
}

/**
 * Maps as `map.upsample` wants them: as they are, or guided by the images.
 * @param maps [B·S·S] of bilinear upsampling
 * @param guide preprocessed images [B, 3, S, S]
 * @param std what the channels of the images were divided by, where they are normalised
 */
export function refineMaps(
  maps: GpuArray,
  guide: GpuArray | null | undefined,
  options: FusionOptions,
  std: readonly number[],
): GpuArray {
  if (!isGuided(options)) return maps;
  if (!guide) throw new Error('guided maps need the images');
  const [batch, , height, width] = guide.shape;
  return guidedUpsample(maps.reshape([batch, height, width]), guide, guidanceOf(options, std));
}

/** The settings in the units of the guide: grey values in [0, 1], or those divided by deviations. */
function guidanceOf(options: FusionOptions, std: readonly number[]): Guidance {
  const unit = options.norm === 'none' ? 1 : std.reduce((a, b) => a + b) / std.length;
  return {
    radius: options['map.guide.radius'],
    space: options['map.guide.space'],
    range: options['map.guide.range'] / unit,
  };
}
