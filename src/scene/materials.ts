import { sine } from '../phantom/arithmetic.ts';
import type { Random } from '../phantom/random.ts';
import type { Canvas, Colour } from './canvas.ts';
import { between, near } from './colours.ts';
import { cellNumber, grain, roughness } from './grain.ts';

/** What surfaces are made of. */
export interface Material {
  /** What it is called from near by. */
  readonly noun: string;
  /** What something on it is said to lie on. */
  readonly ground: string;
  readonly colours: readonly [Colour, Colour];
  /** Part of the second colour at every pixel, 0 to 1. */
  mix(size: number, random: Random): Float32Array;
}

/** Surfaces by name. */
export const MATERIALS: Readonly<Record<string, Material>> = {
  wood: {
    noun: 'wooden board',
    ground: 'a wooden table',
    colours: [
      [0.72, 0.52, 0.32],
      [0.42, 0.26, 0.13],
    ],
    mix(size, random) {
      const bend = grain(size, random.u32(), 2, 3);
      const fibre = grain(size, random.u32(), 3, size / 3);
      const rings = random.range(3, 8);
      return bend.map((b, i) => 0.5 + 0.3 * sine(rings * (b + Math.floor(i / size) / size)) + 0.35 * (fibre[i] - 0.5));
    },
  },
  brick: {
    noun: 'brick wall',
    ground: 'a brick floor',
    colours: [
      [0.66, 0.3, 0.22],
      [0.75, 0.72, 0.68],
    ],
    mix(size, random) {
      const [rows, seed, joint] = [random.int(5, 9), random.u32(), random.range(0.06, 0.12)];
      const rough = grain(size, random.u32(), size / 3);
      return rough.map((r, i) => {
        const v = (Math.floor(i / size) / size) * rows;
        const u = ((i % size) / size) * rows * 0.5 + (Math.floor(v) % 2) * 0.5;
        const edge = Math.min(v - Math.floor(v), 2 * (u - Math.floor(u)));
        const own = 0.3 * cellNumber(seed, Math.floor(u), Math.floor(v));
        return (edge < joint ? 0.9 : own) + 0.2 * (r - 0.5);
      });
    },
  },
  tiles: {
    noun: 'tiled floor',
    ground: 'a tiled floor',
    colours: [
      [0.86, 0.87, 0.86],
      [0.36, 0.42, 0.47],
    ],
    mix(size, random) {
      const [count, seed, joint] = [random.int(3, 6), random.u32(), random.range(0.03, 0.07)];
      const spread = random.range(0.05, 0.5);
      return Float32Array.from({ length: size * size }, (_, i) => {
        const [u, v] = [((i % size) / size) * count, (Math.floor(i / size) / size) * count];
        const edge = Math.min(u - Math.floor(u), v - Math.floor(v));
        return edge < joint ? 0.95 : spread * cellNumber(seed, Math.floor(u), Math.floor(v));
      });
    },
  },
  marble: {
    noun: 'marble slab',
    ground: 'a marble table',
    colours: [
      [0.9, 0.89, 0.87],
      [0.4, 0.4, 0.43],
    ],
    mix(size, random) {
      const [field, bend] = [roughness(size, random.u32(), 3, 4), grain(size, random.u32(), 2)];
      return field.map((f, i) => {
        const vein = 1 - Math.abs(sine(1.5 * bend[i] + 2 * f));
        return 0.75 * vein * vein + 0.3 * (f - 0.4);
      });
    },
  },
  metal: {
    noun: 'metal sheet',
    ground: 'a metal plate',
    colours: [
      [0.8, 0.81, 0.83],
      [0.42, 0.43, 0.46],
    ],
    mix(size, random) {
      const [brush, gloss] = [grain(size, random.u32(), 2, size / 2), grain(size, random.u32(), 1.5, 2)];
      return brush.map((b, i) => 0.45 * b + 0.55 * gloss[i]);
    },
  },
  cloth: {
    noun: 'piece of cloth',
    ground: 'a cloth',
    colours: [
      [0.75, 0.7, 0.6],
      [0.4, 0.37, 0.33],
    ],
    mix(size, random) {
      const threads = random.range(14, 28);
      const rough = grain(size, random.u32(), 12);
      return rough.map((r, i) => {
        const [u, v] = [((i % size) / size) * threads, (Math.floor(i / size) / size) * threads];
        return 0.42 + 0.16 * sine(u) + 0.16 * sine(v) + 0.3 * (r - 0.5);
      });
    },
  },
  leather: {
    noun: 'piece of leather',
    ground: 'a leather seat',
    colours: [
      [0.55, 0.33, 0.18],
      [0.22, 0.13, 0.08],
    ],
    mix(size, random) {
      const cells = random.range(14, 24);
      const [a, b] = [grain(size, random.u32(), cells), grain(size, random.u32(), cells)];
      return a.map((x, i) => 0.9 - 2.2 * Math.min(Math.abs(x - 0.5), Math.abs(b[i] - 0.5)) - 0.3);
    },
  },
  grass: {
    noun: 'lawn',
    ground: 'the grass',
    colours: [
      [0.42, 0.62, 0.22],
      [0.12, 0.28, 0.08],
    ],
    mix(size, random) {
      const [blades, soft] = [grain(size, random.u32(), size / 2.5, size / 9), grain(size, random.u32(), 4)];
      return blades.map((b, i) => 0.75 * b + 0.3 * soft[i]);
    },
  },
};

/** Fills the picture with a material. */
export function paintMaterial(canvas: Canvas, random: Random, { colours, mix }: Material): void {
  const [first, second] = [near(random, colours[0], 0.12), near(random, colours[1], 0.1)];
  const contrast = random.range(0.5, 1);
  mix(canvas.size, random).forEach((t, i) => {
    canvas.blend(i, between(first, second, Math.min(1, Math.max(0, contrast * t + (1 - contrast) * 0.3))), 1);
  });
}
