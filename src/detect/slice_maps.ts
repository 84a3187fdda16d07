import { GridMaps } from '../volume/grid_maps.ts';
import { filledSlices, type SliceStack } from '../volume/stack.ts';
import type { Volume } from '../volume/volume.ts';
import { type Normalisation, unframedMap } from './pictures.ts';
import type { ScoredImage } from './scoring.ts';

/** How maps of slices become those of their volume. */
export interface SliceMapRule {
  readonly norm: Normalisation;
  /** Every how many slices one was scored. */
  readonly stride: number;
  /** Millimetres, see `VolumeRule`. */
  readonly smooth: number;
}

/** The maps of a volume's slices, as far as they are scored, on the grid that it is stored in. */
export function sliceMaps(
  volume: Pick<Volume, 'shape' | 'affine' | 'missing'>,
  stacks: readonly SliceStack[],
  scored: ReadonlyMap<string, Pick<ScoredImage, 'map'>>,
  { norm, stride, smooth }: SliceMapRule,
): GridMaps {
  const { shape, missing } = volume;
  const whole = stacks.map(({ order, slices }) => {
    const size = { width: shape[order[0]], height: shape[order[1]] };
    const known = slices.map((path) => {
      const data = path === null ? undefined : scored.get(path)?.map;
      if (!data) return null;
      const side = Math.sqrt(data.length);
      return unframedMap({ width: side, height: side, data }, size, norm);
    });
    const [first] = known.filter((map) => map !== null);
    const filled = filledSlices(
      known.map((map) => map?.data ?? null),
      stride,
      order[2] === 2 ? missing : undefined,
    );
    return { order, maps: filled.map((data) => data && { ...first, data }) };
  });
  return new GridMaps(volume, whole, smooth);
}
