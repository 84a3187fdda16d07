import { cosine, sine, smooth, unit } from './arithmetic.ts';
import { fractalField } from './noise.ts';
import type { Random } from './random.ts';
import type { Stage } from './stage.ts';

/** A rounded region in the coordinates of the anatomy. */
export interface Blob {
  readonly x: number;
  readonly y: number;
  readonly rx: number;
  readonly ry: number;
  /** In turns. */
  readonly turn: number;
  /** How far the outline strays from an ellipse, as a part of the radius; 0.25 is irregular. */
  readonly rough: number;
  readonly seed: number;
}

/** A blob about (x, y) with a radius from `low` to `high`, somewhat oblong and turned anyhow. */
export function randomBlob(random: Random, x: number, y: number, low: number, high: number, rough: number): Blob {
  const r = random.range(low, high);
  const oblong = random.range(0.8, 1.25);
  return { x, y, rx: r * oblong, ry: r / oblong, turn: random.next(), rough, seed: random.u32() };
}

/**
 * Visits the pixels in and about a blob with `q`, the distance from the centre as a part of the (irregular) radius: 1 on
 * the outline. Pixels with q above `reach` are left out.
 */
export function forBlob(stage: Stage, blob: Blob, reach: number, visit: (pixel: number, q: number) => void): void {
  const { u, v, size } = stage;
  const [c, s] = [cosine(blob.turn), sine(blob.turn)];
  const radius = Math.max(blob.rx, blob.ry);
  const field = blob.rough > 0 ? fractalField(size, blob.seed, Math.min(size / 3, 2.2 / radius), 3) : null;
  const limit = (reach + 3 * blob.rough) * (reach + 3 * blob.rough);
  for (let i = 0; i < u.length; i++) {
    const [dx, dy] = [u[i] - blob.x, v[i] - blob.y];
    const a = (c * dx + s * dy) / blob.rx;
    const b = (c * dy - s * dx) / blob.ry;
    const square = a * a + b * b;
    if (square > limit) continue;
    const q = Math.sqrt(square) + (field ? blob.rough * field[i] : 0);
    if (q <= reach) visit(i, q);
  }
}

/** Coverage of a shape with outline q = 1 whose edge is `edge` wide in q. */
export function inside(q: number, edge: number): number {
  return smooth((1 - q) / edge + 0.5);
}

/** A straight stroke in the picture's coordinates, [-1, 1] either way, whose half-width goes from `w0` to `w1`. */
export interface Stroke {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly w0: number;
  readonly w1: number;
}

/** Draws a stroke into a layer of coverages: the greater of what is there and the stroke's own, antialiased. */
export function drawStroke(layer: Float32Array, size: number, stroke: Stroke): void {
  const { x0, y0, x1, y1, w0, w1 } = stroke;
  const pixel = 2 / size;
  const margin = Math.max(w0, w1) + pixel;
  const [left, right] = span(Math.min(x0, x1) - margin, Math.max(x0, x1) + margin, size);
  const [top, bottom] = span(Math.min(y0, y1) - margin, Math.max(y0, y1) + margin, size);
  const [dx, dy] = [x1 - x0, y1 - y0];
  const scale = 1 / (dx * dx + dy * dy + 1e-12);
  for (let y = top; y < bottom; y++) {
    const py = (2 * y + 1) / size - 1 - y0;
    for (let x = left; x < right; x++) {
      const px = (2 * x + 1) / size - 1 - x0;
      const t = unit((px * dx + py * dy) * scale);
      const [ex, ey] = [px - t * dx, py - t * dy];
      const width = w0 + (w1 - w0) * t;
      // A stroke thinner than a pixel covers a part of it.
      const coverage = unit((width - Math.sqrt(ex * ex + ey * ey)) / pixel + 0.5) * unit((2 * width) / pixel);
      const at = y * size + x;
      if (coverage > layer[at]) layer[at] = coverage;
    }
  }
}

/** First pixel and the one after the last whose centres may lie in [low, high] of [-1, 1]. */
export function span(low: number, high: number, size: number): [number, number] {
  return [Math.max(0, Math.floor(((low + 1) * size) / 2)), Math.min(size, Math.ceil(((high + 1) * size) / 2))];
}

/** Where a vessel starts and how it goes on. */
export interface Vessel {
  readonly x: number;
  readonly y: number;
  /** In turns; 0 is to the right, a quarter is down. */
  readonly direction: number;
  readonly length: number;
  readonly width: number;
  /** How often it forks. */
  readonly forks: number;
}

/** Draws a vessel that winds, thins and forks into a layer of coverages. */
export function drawVessel(layer: Float32Array, size: number, random: Random, vessel: Vessel): void {
  let { x, y, direction, width } = vessel;
  const step = vessel.length / 3;
  const thinner = vessel.forks > 0 ? 0.91 : 0.75;
  for (let i = 0; i < 3; i++) {
    direction += random.range(-0.035, 0.035);
    const [nx, ny] = [x + step * cosine(direction), y + step * sine(direction)];
    drawStroke(layer, size, { x0: x, y0: y, x1: nx, y1: ny, w0: width, w1: width * thinner });
    [x, y, width] = [nx, ny, width * thinner];
  }
  if (vessel.forks <= 0) return;
  const spread = random.range(0.05, 0.11);
  for (const side of [-1, 1]) {
    drawVessel(layer, size, random, {
      x,
      y,
      direction: direction + side * spread + random.range(-0.03, 0.03),
      length: vessel.length * random.range(0.65, 0.9),
      width: width * random.range(0.62, 0.9),
      forks: vessel.forks - 1,
    });
  }
}
