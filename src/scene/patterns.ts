import { sine, smooth } from '../phantom/arithmetic.ts';
import type { Random } from '../phantom/random.ts';
import type { Canvas, Colour } from './canvas.ts';
import { between } from './colours.ts';

/** How two colours share a surface: part of the second one at (x, y), which count repeats. */
type Share = (x: number, y: number) => number;

const step = (t: number) => smooth(4 * t + 0.5);

/** Patterns by what captions call them. */
export const PATTERNS: Readonly<Record<string, Share>> = {
  striped: (x) => step(sine(x)),
  checked: (x, y) => step(3 * sine(x) * sine(y)),
  dotted: (x, y) => step(1.3 * (sine(x) + sine(y)) - 1.2),
  zigzag: (x, y) => step(sine(y + Math.abs(x - Math.floor(x) - 0.5))),
};

/** Fills the picture with a pattern in two colours, turned by up to an eighth. */
export function paintPattern(canvas: Canvas, random: Random, pattern: string, a: Colour, b: Colour): void {
  const share = PATTERNS[pattern];
  const repeats = random.range(2.5, 6);
  const turn = random.range(-0.125, 0.125);
  const [c, s] = [sine(turn + 0.25) * repeats, sine(turn) * repeats];
  for (let y = 0, i = 0; y < canvas.size; y++) {
    const v = canvas.at(y);
    for (let x = 0; x < canvas.size; x++, i++) {
      const u = canvas.at(x);
      canvas.blend(i, between(a, b, share(c * u + s * v, c * v - s * u)), 1);
    }
  }
}
