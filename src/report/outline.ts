import { contourSegments } from '../data/contour.ts';
import type { ScoreMap } from '../data/heat_map.ts';

/** Width that outlines are drawn in; a step of one is finer than a pixel of a gallery. */
export const OUTLINE_WIDTH = 600;

/**
 * The line at which a map crosses `level`, as an SVG path of whole numbers in [0, {@link OUTLINE_WIDTH}] × [0, `height`].
 * Segments that touch are joined to rings, so that the path can be filled (even-odd) too. Empty where nothing crosses.
 */
export function outlinePath(map: ScoreMap, level: number, height: number): string {
  const segments = contourSegments(map, level);
  const place = (i: number): string =>
    `${Math.round(segments[i] * OUTLINE_WIDTH)} ${Math.round(segments[i + 1] * height)}`;
  /** Ends of segments by their begins. */
  const next = new Map<string, string[]>();
  for (let i = 0; i < segments.length; i += 4) {
    const [from, to] = [place(i), place(i + 2)];
    if (from !== to) next.set(from, [...(next.get(from) ?? []), to]);
  }
  let path = '';
  for (const begin of next.keys()) {
    while (next.get(begin)?.length) path += ring(begin, next);
  }
  return path;
}

/** Follows segments from `begin` to where they end, and takes them out of the table. */
function ring(begin: string, next: Map<string, string[]>): string {
  let path = `M${begin}`;
  let [x, y] = begin.split(' ').map(Number);
  for (let at = next.get(begin)?.pop(); at !== undefined; at = next.get(at)?.pop()) {
    const [toX, toY] = at.split(' ').map(Number);
    path += `l${toX - x} ${toY - y}`;
    [x, y] = [toX, toY];
  }
  return `${path}z`;
}
