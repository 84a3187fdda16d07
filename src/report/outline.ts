import { contourRings } from '../data/contour.ts';
import type { ScoreMap } from '../data/heat_map.ts';

/** Width that outlines are drawn in; a step of one is finer than a pixel of a gallery. */
export const OUTLINE_WIDTH = 600;

/**
 * The line at which a map crosses `level`, as an SVG path of whole numbers in [0, {@link OUTLINE_WIDTH}] × [0, `height`]:
 * rings, so that the path can be filled (even-odd) too. Empty where nothing crosses.
 */
export function outlinePath(map: ScoreMap, level: number, height: number): string {
  return contourRings(map, level)
    .map((ring) => {
      const places = ring.map(([x, y]) => [Math.round(x * OUTLINE_WIDTH), Math.round(y * height)]);
      let path = `M${places[0].join(' ')}`;
      for (let i = 1; i < places.length; i++) {
        const [dx, dy] = [places[i][0] - places[i - 1][0], places[i][1] - places[i - 1][1]];
        if (dx !== 0 || dy !== 0) path += `l${dx} ${dy}`;
      }
      return `${path}z`;
    })
    .join('');
}
