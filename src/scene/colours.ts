import type { Random } from '../phantom/random.ts';
import type { Colour } from './canvas.ts';

/** Colours that captions name, and what they look like on average. */
export const COLOURS: Readonly<Record<string, Colour>> = {
  red: [0.78, 0.14, 0.13],
  orange: [0.92, 0.5, 0.12],
  yellow: [0.93, 0.83, 0.2],
  green: [0.2, 0.58, 0.25],
  blue: [0.15, 0.33, 0.75],
  pink: [0.93, 0.56, 0.68],
  black: [0.1, 0.1, 0.11],
  white: [0.92, 0.92, 0.9],
};

/** A colour that differs from `colour` by at most `most` in each part and somewhat in lightness. */
export function near(random: Random, colour: Colour, most: number): Colour {
  const lift = random.range(-most, most);
  const part = (c: number) => Math.min(1, Math.max(0, colour[c] + lift + random.range(-most, most) / 2));
  return [part(0), part(1), part(2)];
}

/** A colour between two. */
export function between(a: Colour, b: Colour, t: number): Colour {
  return [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]), a[2] + t * (b[2] - a[2])];
}

/** How light a colour is. */
export function lightness([r, g, b]: Colour): number {
  return 0.3 * r + 0.59 * g + 0.11 * b;
}
