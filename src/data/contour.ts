import type { ScoreMap } from './heat_map.ts';

/** Corners of a cell between four pixel centres, clockwise from the upper left. */
const CORNERS: readonly (readonly [number, number])[] = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];

/**
 * The line at which a map crosses `level`, by marching squares with linear interpolation between pixel centres.
 *
 * Outside of the map everything counts as lower, so the line around a region at the border is closed.
 * @returns segments `x0, y0, x1, y1`, with 0 and 1 at the edges of the map whatever its size
 */
export function contourSegments({ width, height, data }: ScoreMap, level: number): Float32Array {
  const value = (x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? Number.NEGATIVE_INFINITY : data[y * width + x];
  const clamp = (t: number) => Math.min(1, Math.max(0, t));
  const out: number[] = [];
  for (let y = -1; y < height; y++) {
    for (let x = -1; x < width; x++) {
      const corners = [value(x, y), value(x + 1, y), value(x + 1, y + 1), value(x, y + 1)];
      const inside = corners.map((v) => v >= level);
      if (inside.every((is) => is === inside[0])) continue;
      // Walking around the cell, every step into the region is joined with the next step out of it.
      const crossings: [number, number][] = [];
      const first = inside.findIndex((is, i) => !is && inside[(i + 1) % 4]);
      for (let k = 0; k < 4; k++) {
        const i = (first + k) % 4;
        const j = (i + 1) % 4;
        if (inside[i] === inside[j]) continue;
        const [a, b] = [corners[i], corners[j]];
        // Towards a corner that is no number's distance away, the line runs along the edge of the map.
        const t = Number.isFinite(a) && Number.isFinite(b) ? (level - a) / (b - a) : 0.5;
        const [px, py] = [0, 1].map((axis) => CORNERS[i][axis] + t * (CORNERS[j][axis] - CORNERS[i][axis]));
        crossings.push([clamp((x + px + 0.5) / width), clamp((y + py + 0.5) / height)]);
      }
      for (let k = 0; k + 1 < crossings.length; k += 2) out.push(...crossings[k], ...crossings[k + 1]);
    }
  }
  return Float32Array.from(out);
}
