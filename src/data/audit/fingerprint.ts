import { type Image, toGrey } from '../image.ts';
import { resizeImage } from '../resize.ts';

/** Cells to a side of the small picture whose steps are compared. */
const CELLS = 16;
const NUMBERS = 2 * CELLS * CELLS;
/** Numbers after which two pictures are told apart, if they can be. */
const FIRST = 64;

/** What remains of a picture when it is compared with others: {@link NUMBERS} steps of length 1, and the length of the later ones. */
export interface Fingerprint {
  readonly steps: Float32Array;
  /** √Σ steps² from number {@link FIRST} on. */
  readonly rest: number;
}

/** Two pictures that are nearly the same; indices into the two lists that were compared. */
export interface NearPair {
  readonly a: number;
  readonly b: number;
  readonly distance: number;
}

/**
 * The steps in brightness to the right and down between the cells of the picture at 17×17 pixels, scaled to length 1.
 * Steps, since all pictures of an organ have their bright and dark places in common; small, so that noise, compression,
 * another size or another contrast change next to nothing.
 */
export function fingerprint(image: Image): Fingerprint {
  const side = CELLS + 1;
  const { data } = resizeImage(toGrey(image), side, side, 'bilinear');
  const steps = new Float32Array(NUMBERS);
  for (let y = 0, to = 0; y < CELLS; y++) {
    for (let x = 0; x < CELLS; x++) {
      const at = y * side + x;
      steps[to++] = data[at + 1] - data[at];
      steps[to++] = data[at + side] - data[at];
    }
  }
  const length = norm(steps);
  if (length > 0) for (let i = 0; i < NUMBERS; i++) steps[i] /= length;
  return { steps, rest: norm(steps.subarray(FIRST)) };
}

/** 1 − the correlation of the steps of two pictures: 0 for equal ones, about 1 for pictures that have nothing in common. */
export function pictureDistance(a: Fingerprint, b: Fingerprint): number {
  return Math.max(0, 1 - dot(a.steps, b.steps, 0, NUMBERS));
}

/**
 * All pairs, one picture of each list, that are at most `threshold` apart, nearest first. Most pairs are told apart by
 * their first numbers: what the others can add to the correlation is at most the product of their lengths.
 * @param onRow called after each picture of `a`
 */
export function nearPairs(
  a: readonly Fingerprint[],
  b: readonly Fingerprint[],
  threshold: number,
  onRow?: (done: number) => void,
): NearPair[] {
  const pairs: NearPair[] = [];
  for (let i = 0; i < a.length; i++) {
    const { steps, rest } = a[i];
    for (let j = 0; j < b.length; j++) {
      const first = dot(steps, b[j].steps, 0, FIRST);
      if (1 - first - rest * b[j].rest > threshold) continue;
      const distance = Math.max(0, 1 - first - dot(steps, b[j].steps, FIRST, NUMBERS));
      if (distance <= threshold) pairs.push({ a: i, b: j, distance });
    }
    onRow?.(i + 1);
  }
  return pairs.sort((p, q) => p.distance - q.distance || p.a - q.a || p.b - q.b);
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
}

function dot(a: Float32Array, b: Float32Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += a[i] * b[i];
  return sum;
}
