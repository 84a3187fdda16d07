import { joinPath } from '../../base/paths.ts';
import { ALIKE, CELLS, dot, SEVERAL, unit } from '../layout/polarity.ts';
import type { Problem } from '../layout/problem.ts';
import type { ImageFacts } from '../layout/read_scan.ts';
import { separation } from './separation.ts';
import { isClear } from './told_apart.ts';
import { TURNS } from './turns.ts';

/** Share of the images of a split that agree. */
const AGREED = 0.9;

/** So much better, in correlation, images fit the common pattern on the whole as they are. */
const BETTER = 0.03;

/** Share of the best gain that is as good. */
const NEARLY = 0.9;

/** Images among which a single one can be odd, and how well these fit each other. */
const MANY = 12;
const CLOSE = 0.7;

/** Images that fit the others less are hardly of the same thing. */
const UNLIKE = 0.4;

/** By so much one image alone fits better turned. */
const CLEARLY = 0.3;

/**
 * Images that lie otherwise than the others: the test split as a whole against that of validation, or some images against all. Where
 * the images show nothing in common, or lie no better as they are than turned, nothing can be said.
 */
export function turnedProblems(path: string, images: readonly ImageFacts[]): Problem[] {
  const seen = images.filter(({ places }) => places.some((one) => one !== 0));
  const [valid, test] = (['valid', 'test'] as const).map((split) => seen.filter((one) => one.split === split));
  return splitTurned(path, valid, test) ?? someTurned(path, seen);
}

function splitTurned(path: string, valid: readonly ImageFacts[], test: readonly ImageFacts[]): Problem[] | null {
  if (Math.min(valid.length, test.length) < SEVERAL) return null;
  const all = sumOf(valid);
  const ours = valid.map(({ places }) => fits(places, without(all, places)));
  const theirs = test.map(({ places }) => fits(places, all));
  if (mean(ours.map(({ own }) => own)) < ALIKE) return null;
  const ways = TURNS.map(({ name }, k) => {
    const stay = ours.map(({ own, turned }) => own - turned[k]);
    const gain = theirs.map(({ own, turned }) => turned[k] - own);
    const agreed = Math.min(shareAbove(stay), shareAbove(gain)) >= AGREED;
    return { name, gain: agreed && mean(stay) >= BETTER && mean(gain) >= BETTER ? mean(gain) : 0 };
  });
  const most = ways.reduce((best, { gain }) => Math.max(best, gain), 0);
  if (most === 0) return otherContent(path, [ours, theirs]);
  // What is about symmetric fits mirrored as well: the first of them is the simplest.
  const found = ways.find(({ gain }) => gain >= NEARLY * most)!;
  const message = `the images of test lie otherwise than those of valid: nearly all of them fit these better ${found.name}; bring all into one position`;
  return [{ kind: 'turned_images', severity: 'warning', path, message }];
}

/** A test split whose images have bright and dark in other places than those of validation, however they are laid. */
function otherContent(path: string, groups: readonly (readonly Fit[])[]): Problem[] | null {
  const [ours, theirs] = groups.map((fits) => fits.map(({ own, turned }) => Math.max(own, ...turned)));
  if (mean(ours) < CLOSE || mean(theirs) > UNLIKE || !isClear(separation(ours, theirs))) return null;
  const message = `the images of test have bright and dark in other places than those of valid (correlation ${mean(theirs).toFixed(2)}, within valid ${mean(ours).toFixed(2)}), as images of something else have; check that both are of one kind`;
  return [{ kind: 'unlike_splits', severity: 'warning', path, message }];
}

function someTurned(path: string, images: readonly ImageFacts[]): Problem[] {
  if (images.length < MANY) return [];
  const all = sumOf(images);
  const each = images.map(({ id, places }) => {
    const { own, turned } = fits(places, without(all, places));
    const best = turned.reduce((most, fit, k) => (fit > turned[most] ? k : most), 0);
    // What fits worse than its negative would is inverted.
    const isOdd = turned[best] >= Math.max(CLOSE, own + CLEARLY, -own - CLEARLY);
    return { id, own, how: TURNS[best].name, isOdd };
  });
  const odd = each.filter(({ isOdd }) => isOdd);
  const others = each.filter(({ isOdd }) => !isOdd);
  if (odd.length === 0 || odd.length > images.length / 3 || mean(others.map(({ own }) => own)) < CLOSE) return [];
  const more = odd.length > 1 ? ` (and ${odd.length - 1} more of ${images.length} lie otherwise)` : '';
  const message = `it fits the other images better ${odd[0].how}${more}; turn it, or leave it out with --skip`;
  return [{ kind: 'turned_images', severity: 'warning', path: joinPath(path, odd[0].id), message }];
}

/** How well an image fits as it is, and laid otherwise. */
interface Fit {
  readonly own: number;
  readonly turned: readonly number[];
}

/** Which cell lies at each place after each turn. */
const LAID = TURNS.map(({ from }) =>
  Array.from({ length: CELLS * CELLS }, (_, i) => {
    const [x, y] = from(i % CELLS, Math.floor(i / CELLS), CELLS - 1, CELLS - 1);
    return CELLS * y + x;
  }),
);

/** How well places fit a pattern as they are, and when they are laid otherwise. */
function fits(places: Float64Array, pattern: Float64Array): Fit {
  const common = unit(pattern.slice());
  const turned = LAID.map((from) => from.reduce((sum, place, i) => sum + places[place] * common[i], 0));
  return { own: dot(places, common), turned };
}

function sumOf(images: readonly ImageFacts[]): Float64Array {
  const sum = new Float64Array(CELLS * CELLS);
  for (const { places } of images) for (let i = 0; i < sum.length; i++) sum[i] += places[i];
  return sum;
}

function without(sum: Float64Array, places: Float64Array): Float64Array {
  return sum.map((one, i) => one - places[i]);
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

function shareAbove(numbers: readonly number[]): number {
  return numbers.filter((one) => one > 0).length / numbers.length;
}
