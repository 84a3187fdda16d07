import { contours } from 'd3-contour';
import type { ScoreMap } from './heat_map.ts';

/**
 * The lines at which a map crosses `level`, by marching squares with linear interpolation between pixel centres.
 *
 * Outside of the map everything counts as lower, so the line around a region at the border is closed.
 * @returns closed rings of points `[x, y]`, the last one the first again, with 0 and 1 at the edges of the map
 */
export function contourRings({ width, height, data }: ScoreMap, level: number): [number, number][][] {
  const crossing = contours()
    .size([width, height])
    .contour(data as unknown as number[], level);
  return crossing.coordinates.flat().map((ring) => ring.map(([x, y]) => [x / width, y / height]));
}
