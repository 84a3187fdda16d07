import { pixelStatistics, type VisionTower } from '../clip/index.ts';
import type { GpuArray } from '../gpu/array.ts';
import { type Guidance, guidedUpsample } from '../kernels/guided_upsample.ts';
import { type Align, bilinearResize, reshape, softmax, type Tensor } from '../nn/index.ts';
import type { FusionOptions } from './options.ts';

/** Size of the token grid and of the map, and how one becomes the other. */
export interface MapGeometry {
  /** Patches per side. */
  readonly grid: number;
  /** Pixels per side. */
  readonly size: number;
  /** Pixels of a patch. */
  readonly patch: number;
  /** What the images were divided by, for each channel. */
  readonly std: readonly number[];
}

/** The geometry of a tower's input. */
export function geometryOf({ grid, size, config }: VisionTower): MapGeometry {
  return { grid, size, patch: config.vision.patch, std: pixelStatistics(config).std };
}

/** The kernel's name for `map.align`. */
export function alignOf(options: FusionOptions, { patch }: Pick<MapGeometry, 'patch'>): Align {
  if (options['map.align'] === 'centered') return { patch };
  return options['map.align'] === 'true';
}

/**
 * M = softmax_y(bilinear(z)), or the other way round with `map.order softmax`.
 * @param logits [B·N, 2]
 * @returns [B, S, S, 2]
 */
export function probabilityMap(logits: Tensor, options: FusionOptions, geometry: MapGeometry): Tensor {
  const { grid, size } = geometry;
  const batch = logits.shape[0] / (grid * grid);
  const cells = reshape(logits, [batch, grid, grid, 2]);
  const align = alignOf(options, geometry);
  return options['map.order'] === 'upsample'
    ? softmax(bilinearResize(cells, [size, size], align))
    : bilinearResize(softmax(cells), [size, size], align);
}

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
