import { cosine, segmentDistance, sine, smooth, unit } from '../phantom/arithmetic.ts';
import type { Random } from '../phantom/random.ts';
import type { Spot } from './arrangement.ts';
import type { Canvas, Colour } from './canvas.ts';
import { COLOURS, lightness, near } from './colours.ts';
import { grain } from './grain.ts';

const BROWN: Colour = [0.44, 0.28, 0.15];

/** What is damaged. */
export interface Target {
  /** How much of each pixel belongs to it. */
  readonly cover: Float32Array;
  /** About which point, and how far the damage may lie from it. */
  readonly spot: Spot;
  readonly colour: Colour;
  /** What lies behind it: what is seen where a piece is gone. */
  readonly behind: Float32Array;
}

/** A kind of damage. */
export interface Damage {
  readonly name: string;
  /** Words that stand before a noun. */
  readonly adjectives: readonly string[];
  /** What follows `with`. */
  readonly phrases: readonly string[];
  draw(canvas: Canvas, random: Random, target: Target): void;
}

/** Visits pixels of the target in an irregular patch; `q` is 0 in its middle and 1 on its outline. */
function patch(
  canvas: Canvas,
  random: Random,
  { cover, spot }: Target,
  [low, high]: readonly [number, number],
  visit: (pixel: number, inside: number, q: number, x: number, y: number) => void,
): void {
  const radius = Math.max(0.1, spot.radius * random.range(low, high));
  const [away, direction] = [spot.radius * 0.6 * Math.sqrt(random.next()), random.next()];
  const [cx, cy] = [spot.x + away * cosine(direction), spot.y + away * sine(direction)];
  const [oblong, turn, seed] = [random.range(0.7, 1.4), random.next(), random.u32()];
  const rough = grain(canvas.size, seed, 2 / radius);
  const [c, s] = [cosine(turn), sine(turn)];
  for (let i = 0; i < cover.length; i++) {
    if (cover[i] === 0) continue;
    const [x, y] = [canvas.at(i % canvas.size) - cx, canvas.at(Math.floor(i / canvas.size)) - cy];
    const [a, b] = [((c * x + s * y) / radius) * oblong, (c * y - s * x) / (radius * oblong)];
    const q = Math.sqrt(a * a + b * b) + 0.7 * (rough[i] - 0.5);
    if (q < 1.25) visit(i, smooth((1 - q) / 0.15 + 0.5) * cover[i], q, a, b);
  }
}

/** A jagged line from a point on; `fork` splits it. Calls `visit` with how much of a pixel it covers. */
function jagged(
  canvas: Canvas,
  random: Random,
  target: Target,
  { width, bend, length, fork }: { width: number; bend: number; length: number; fork: boolean },
  visit: (pixel: number, cover: number) => void,
): void {
  const { cover, spot } = target;
  const { size } = canvas;
  const parts: [number, number, number, number][] = [];
  let direction = random.next();
  let [x, y] = [spot.x - 0.5 * length * cosine(direction), spot.y - 0.5 * length * sine(direction)];
  [x, y] = [x + 0.3 * spot.radius * random.range(-1, 1), y + 0.3 * spot.radius * random.range(-1, 1)];
  const steps = 5;
  for (let k = 0; k < steps; k++) {
    direction += random.range(-bend, bend);
    const [nx, ny] = [x + (length / steps) * cosine(direction), y + (length / steps) * sine(direction)];
    parts.push([x, y, nx, ny]);
    if (fork && k % 2 === 1) {
      const side = direction + random.sign() * random.range(0.07, 0.15);
      parts.push([nx, ny, nx + 0.3 * length * cosine(side), ny + 0.3 * length * sine(side)]);
    }
    [x, y] = [nx, ny];
  }
  const pixel = 2 / size;
  for (const [ax, ay, bx, by] of parts) {
    const margin = width + pixel;
    const column = (t: number) => Math.min(size, Math.max(0, Math.floor(((t + 1) * size) / 2)));
    const [left, right] = [column(Math.min(ax, bx) - margin), column(Math.max(ax, bx) + margin + pixel)];
    const [top, bottom] = [column(Math.min(ay, by) - margin), column(Math.max(ay, by) + margin + pixel)];
    for (let py = top; py < bottom; py++) {
      for (let px = left; px < right; px++) {
        const d = segmentDistance(canvas.at(px), canvas.at(py), ax, ay, bx, by);
        const i = py * size + px;
        const on = unit((width - d) / pixel + 0.5) * cover[i];
        if (on > 0) visit(i, on);
      }
    }
  }
}

/** Lighter than a dark thing, darker than a light one. */
function opposite(random: Random, colour: Colour): Colour {
  const light = lightness(colour) < random.range(0.3, 0.6);
  return near(random, light ? [0.9, 0.9, 0.88] : [0.12, 0.11, 0.1], 0.12);
}

/** What can be wrong with things and surfaces. */
export const DAMAGES: readonly Damage[] = [
  {
    name: 'scratch',
    adjectives: ['scratched'],
    phrases: ['scratches'],
    draw(canvas, random, target) {
      const colour = opposite(random, target.colour);
      const strength = random.range(0.55, 0.95);
      for (let k = random.int(1, 4); k > 0; k--) {
        const length = target.spot.radius * random.range(0.7, 1.5);
        const shape = { width: random.range(0.012, 0.03), bend: 0.02, length, fork: false };
        jagged(canvas, random, target, shape, (i, on) => {
          canvas.blend(i, colour, strength * on);
          canvas.mark(i, on);
        });
      }
    },
  },
  {
    name: 'crack',
    adjectives: ['cracked', 'broken'],
    phrases: ['a crack'],
    draw(canvas, random, target) {
      const length = target.spot.radius * random.range(1.2, 1.9);
      const shape = { width: random.range(0.02, 0.045), bend: 0.12, length, fork: true };
      const dark: Colour = near(random, [0.07, 0.06, 0.06], 0.06);
      jagged(canvas, random, target, shape, (i, on) => {
        canvas.blend(i, dark, 0.9 * on);
        canvas.mark(i, on);
      });
    },
  },
  {
    name: 'stain',
    adjectives: ['stained'],
    phrases: ['a stain'],
    draw(canvas, random, target) {
      const colour = near(random, random.pick([BROWN, COLOURS.black, COLOURS.yellow, COLOURS.red]), 0.1);
      const strength = random.range(0.45, 0.9);
      patch(canvas, random, target, [0.35, 0.65], (i, inside, q) => {
        canvas.blend(i, colour, strength * inside * (0.7 + 0.3 * Math.min(1, q)));
        canvas.mark(i, inside);
      });
    },
  },
  {
    name: 'paint',
    adjectives: ['spattered'],
    phrases: ['spots of paint'],
    draw(canvas, random, target) {
      const colour = near(random, random.pick([COLOURS.white, COLOURS.yellow, COLOURS.blue, COLOURS.green]), 0.1);
      for (let k = random.int(1, 4); k > 0; k--) {
        patch(canvas, random, target, [0.2, 0.4], (i, inside) => {
          canvas.blend(i, colour, 0.9 * inside);
          canvas.mark(i, inside);
        });
      }
    },
  },
  {
    name: 'hole',
    adjectives: ['pierced'],
    phrases: ['a hole'],
    draw(canvas, random, target) {
      const dark = near(random, [0.06, 0.05, 0.05], 0.05);
      for (let k = random.int(1, 2); k > 0; k--) {
        patch(canvas, random, target, [0.28, 0.5], (i, inside, q) => {
          if (inside < 0.5 * target.cover[i]) canvas.shade(i, 1 + 0.35 * unit(1.25 - q));
          canvas.blend(i, dark, inside);
          canvas.mark(i, inside);
        });
      }
    },
  },
  {
    name: 'missing',
    adjectives: ['chipped', 'broken'],
    phrases: ['a missing piece'],
    draw(canvas, random, target) {
      patch(canvas, random, target, [0.45, 0.75], (i, inside) => {
        const { behind } = target;
        const { pixels } = canvas;
        canvas.blend(i, [behind[i], behind[pixels + i], behind[2 * pixels + i]], inside);
        canvas.mark(i, inside);
      });
    },
  },
  {
    name: 'dent',
    adjectives: ['dented'],
    phrases: ['a dent'],
    draw(canvas, random, target) {
      const strength = random.sign() * random.range(0.4, 0.7);
      patch(canvas, random, target, [0.4, 0.65], (i, inside, q, x, y) => {
        canvas.shade(i, 1 + strength * inside * (0.75 * (x + y)) * (1.2 - q));
        canvas.mark(i, inside);
      });
    },
  },
  {
    name: 'dirt',
    adjectives: ['dirty'],
    phrases: ['specks of dirt'],
    draw(canvas, random, target) {
      const colour = near(random, [0.25, 0.2, 0.14], 0.12);
      const specks = grain(canvas.size, random.u32(), random.range(20, 36));
      patch(canvas, random, target, [0.45, 0.75], (i, inside) => {
        canvas.blend(i, colour, inside * smooth(4 * specks[i] - 1.9) * 0.85);
        canvas.mark(i, inside);
      });
    },
  },
  {
    name: 'burn',
    adjectives: ['burnt'],
    phrases: ['a burn mark'],
    draw(canvas, random, target) {
      patch(canvas, random, target, [0.4, 0.7], (i, inside, q) => {
        canvas.blend(i, [0.35, 0.2, 0.08], 0.7 * inside);
        canvas.blend(i, [0.05, 0.04, 0.04], 0.9 * smooth(1.6 - 2 * q) * target.cover[i]);
        canvas.mark(i, inside);
      });
    },
  },
  {
    name: 'wear',
    adjectives: ['worn'],
    phrases: ['a worn patch'],
    draw(canvas, random, target) {
      const pale = near(random, [0.82, 0.8, 0.77], 0.1);
      const strength = random.range(0.4, 0.75);
      patch(canvas, random, target, [0.45, 0.75], (i, inside, q) => {
        canvas.blend(i, pale, strength * inside * (1.25 - 0.5 * q));
        canvas.mark(i, inside);
      });
    },
  },
];
