import type { Random } from '../phantom/random.ts';

/** Where one thing stands. */
export interface Spot {
  readonly x: number;
  readonly y: number;
  /** Half its side. */
  readonly radius: number;
  /** In turns. */
  readonly turn: number;
}

/** Places by what captions call them, as signs of x and y. */
const PLACES: Readonly<Record<string, readonly [number, number]>> = {
  'in the centre': [0, 0],
  'on the left': [-1, 0],
  'on the right': [1, 0],
  'at the top': [0, -1],
  'at the bottom': [0, 1],
};

/** Names of places. */
export const PLACE_NAMES = Object.keys(PLACES);

/** Numbers in words, from 0. */
export const NUMBERS = ['no', 'one', 'two', 'three', 'four'] as const;

/** One thing alone at a place that has a name. */
export function alone(random: Random, place: string): Spot {
  const [x, y] = PLACES[place];
  const centred = x === 0 && y === 0;
  const radius = centred ? random.range(0.55, 0.9) : random.range(0.38, 0.52);
  const reach = centred ? 0.08 : random.range(0.38, 0.46);
  return {
    x: x * reach + random.range(-0.06, 0.06),
    y: y * reach + random.range(-0.06, 0.06),
    radius,
    turn: random.range(-0.06, 0.06),
  };
}

/** Two to four things that do not touch. */
export function together(random: Random, count: number): Spot[] {
  const radius = random.range(0.33, 0.42);
  const corners = [
    [-0.48, -0.48],
    [0.48, 0.48],
    [0.48, -0.48],
    [-0.48, 0.48],
  ];
  return corners.slice(0, count).map(([x, y]) => ({
    x: x + random.range(-0.07, 0.07),
    y: y + random.range(-0.07, 0.07),
    radius,
    turn: random.range(-0.06, 0.06),
  }));
}
