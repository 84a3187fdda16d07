import { cropMap, resampleMap, type ScoreMap } from '../data/heat_map.ts';
import { spacings } from './geometry.ts';
import type { AxisOrder } from './plane.ts';
import { smoothedSlice, smoothedSlices } from './stack.ts';
import type { Volume } from './volume.ts';

/** The maps of a volume's slices in one plane, of any size; null for slices without one. */
export interface StackMaps {
  readonly order: AxisOrder;
  readonly maps: readonly (ScoreMap | null)[];
}

/**
 * The maps of slices on the grid that their volume is stored in: smoothed along the normal of their plane, and averaged where there are
 * several planes. Voxels without a map have the lowest value of all; those of missing slices are NaN.
 */
export class GridMaps {
  /** The lowest value of the maps; 0 without any. */
  readonly low: number;
  readonly #shape: Volume['shape'];
  readonly #missing: Volume['missing'];
  readonly #stacks: readonly SmoothStack[];

  constructor(
    { shape, affine, missing }: Pick<Volume, 'shape' | 'affine' | 'missing'>,
    stacks: readonly StackMaps[],
    smooth: number,
  ) {
    this.#shape = shape;
    this.#missing = missing;
    const distances = spacings(affine);
    this.#stacks = stacks.map(({ order, maps }) => new SmoothStack(order, maps, distances[order[2]], smooth));
    const lows = stacks.flatMap(({ maps }) => maps.map((map) => lowest(map)));
    const low = lows.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    this.low = Number.isFinite(low) ? low : 0;
  }

  /** The values [rows, columns] of slice `k`. */
  slice(k: number): Float32Array<ArrayBuffer> {
    const [width, height, depth] = this.#shape;
    const sums = new Float32Array(width * height);
    if (this.#missing?.has(k)) return sums.fill(Number.NaN);
    const counts = new Uint8Array(width * height);
    for (const { order, at, length } of this.#stacks) {
      if (order[2] === 2) {
        const map = at(k);
        if (!map) continue;
        const values = resampleMap(map, width, height);
        for (let i = 0; i < sums.length; i++) sums[i] += values[i];
        for (let i = 0; i < sums.length; i++) counts[i]++;
        continue;
      }
      // Rows of these slices run along the third axis of the volume: of each, row `k` is wanted.
      const [across, apart] = order[2] === 1 ? [1, width] : [width, 1];
      for (let s = 0; s < length; s++) {
        const map = at(s);
        if (!map) continue;
        const window = { left: 0, top: k / depth, width: 1, height: 1 / depth };
        const row = cropMap(map, window, order[2] === 1 ? width : height, 1).data;
        for (let i = 0, to = s * apart; i < row.length; i++, to += across) {
          sums[to] += row[i];
          counts[to]++;
        }
      }
    }
    for (let i = 0; i < sums.length; i++) sums[i] = counts[i] === 0 ? this.low : sums[i] / counts[i];
    return sums;
  }
}

function lowest(map: ScoreMap | null): number {
  let low = Number.POSITIVE_INFINITY;
  if (map) for (let i = 0; i < map.data.length; i++) if (map.data[i] < low) low = map.data[i];
  return low;
}

/** A stack with its maps smoothed: when they are asked for, or at once where every slice of the volume needs all of them. */
class SmoothStack {
  readonly order: AxisOrder;
  readonly length: number;
  readonly at: (k: number) => ScoreMap | null;

  constructor(order: AxisOrder, maps: readonly (ScoreMap | null)[], distance: number, smooth: number) {
    this.order = order;
    this.length = maps.length;
    const values = maps.map((map) => map?.data ?? null);
    const sized = (k: number, data: Float32Array | null) => {
      const map = maps[k];
      return map && data ? { width: map.width, height: map.height, data } : null;
    };
    if (order[2] === 2) this.at = (k) => sized(k, smoothedSlice(values, k, distance, smooth));
    else {
      const all = smoothedSlices(values, distance, smooth);
      this.at = (k) => sized(k, all[k]);
    }
  }
}
