import { joinPath } from '../../base/paths.ts';
import { type Cells, joinedCells } from '../apart/cells.ts';
import type { Problem } from './problem.ts';

/** Cells to a side of the coarse pictures that are compared. */
export const CELLS = 8;

/** From this mean correlation on, images are pictures of one thing, which have bright and dark places in common. */
export const ALIKE = 0.6;

/** An image whose correlation with the others is below this has bright and dark the other way round. */
const OPPOSITE = -0.4;

/** So much less it has to fit the pattern of the others turned round: then it is no turned image. */
const CLEARLY = 0.3;

/** Fewer images may be alike by chance. */
export const SEVERAL = 8;

/** Looks at who agrees with whom; it settles after two or three. */
const ROUNDS = 10;

/** The brightness of an image over its mean in 8 by 8 cells, of length 1; all 0 where they are equally bright. */
export function brightPlaces(cells: Cells): Float64Array {
  const { sums, counts } = joinedCells(cells, CELLS);
  // A picture of fewer pixels leaves cells without any: these count as its mean.
  const means = sums.map((sum, i) => sum / counts[i]);
  const known = means.filter((mean) => !Number.isNaN(mean));
  const mean = known.reduce((sum, one) => sum + one, 0) / known.length;
  return unit(means.map((one) => (Number.isNaN(one) ? 0 : one - mean)));
}

/**
 * Images that look inverted against the others of their set: what is bright in these is dark in them. Where the images
 * show nothing in common, as of tissue under a microscope, none is told of; neither is one that is turned round.
 */
export function oppositeImages<T extends { readonly places: Float64Array }>(images: readonly T[]): T[] {
  const seen = images.filter(({ places }) => places.some((one) => one !== 0));
  if (seen.length < SEVERAL) return [];
  const { signs, sum } = commonPattern(seen.map(({ places }) => places));
  // Against the others alone: an image is always like itself.
  const fit = seen.map(({ places }, i) => {
    const others = unit(sum.map((one, j) => one - signs[i] * places[j]));
    return { own: dot(places, others), others };
  });
  const alike = fit.reduce((total, { own }, i) => total + signs[i] * own, 0) / seen.length;
  if (alike < ALIKE) return [];
  // The fewer are the odd ones; of halves those that are not as the first.
  const most = signs.filter((sign) => sign === signs[0]).length >= seen.length / 2 ? signs[0] : -signs[0];
  return seen.filter(({ places }, i) => {
    const { own, others } = fit[i];
    const turned = Math.max(...turns(others).map((other) => most * dot(places, other)));
    return most * own < OPPOSITE && turned < -most * own - CLEARLY;
  });
}

/** The sum of pictures, some of them negated so that they agree best, and which: 1 or -1. */
function commonPattern(pictures: readonly Float64Array[]): { signs: readonly number[]; sum: Float64Array } {
  const signOf = (places: Float64Array, pattern: Float64Array) => (dot(places, pattern) < 0 ? -1 : 1);
  let sum = pictures[0];
  let signs: number[] = [];
  for (let changed = true, rounds = 0; changed && rounds < ROUNDS; rounds++) {
    const next = pictures.map((places) => signOf(places, sum));
    changed = next.some((sign, i) => sign !== signs[i]);
    signs = next;
    sum = new Float64Array(CELLS * CELLS).map((_, j) =>
      pictures.reduce((total, places, i) => total + signs[i] * places[j], 0),
    );
  }
  return { signs, sum };
}

/** What is said of them, as an error where no rule for values was given. */
export function polarityProblems(
  set: string,
  images: readonly { readonly id: string; readonly places: Float64Array }[],
  given: boolean,
): Problem[] {
  const opposite = oppositeImages(images);
  if (opposite.length === 0) return [];
  const one = opposite.length === 1;
  const what = one
    ? 'it has dark what is bright in the other images, as an inverted image has'
    : `it and ${opposite.length - 1} more of ${images.length} images have dark what is bright in the others, as inverted images have`;
  const these = one ? 'it' : 'these or the others';
  const advice = `; invert ${these}, leave ${one ? 'it' : 'them'} out with --skip, or take all as they are with --range full`;
  const message = given ? what : what + advice;
  const severity = given ? 'warning' : 'error';
  const leave = opposite.map(({ id }) => id);
  return [{ kind: 'odd_values', severity, path: joinPath(set, leave[0]), message, leave }];
}

/** The pattern mirrored and upside down. */
function turns(pattern: Float64Array): Float64Array[] {
  const last = CELLS - 1;
  const at = (of: (x: number, y: number) => number) =>
    pattern.map((_, i) => pattern[of(i % CELLS, Math.floor(i / CELLS))]);
  return [
    at((x, y) => CELLS * y + last - x),
    at((x, y) => CELLS * (last - y) + x),
    at((x, y) => CELLS * (last - y) + last - x),
  ];
}

/** Numbers over their length, in place; all 0 where they are. */
export function unit(values: Float64Array): Float64Array {
  const length = Math.sqrt(dot(values, values));
  return length > 1e-9 ? values.map((one) => one / length) : values.fill(0);
}

/** The sum of the products of two lists. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
