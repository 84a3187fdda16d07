import { mean } from '../../base/average.ts';
import { ALIKE, CELLS, dot, unit } from '../layout/polarity.ts';
import { separation } from './separation.ts';
import { isClear } from './told_apart.ts';
import { TURNS } from './turns.ts';

/** Share of the images of a group that agree. */
const AGREED = 0.9;

/** So much better, in correlation, images fit the common pattern on the whole as they are. */
const BETTER = 0.03;

/** Share of the best gain that is as good. */
const NEARLY = 0.9;

/** How well images fit each other that are of one thing, and how little those of another. */
export const CLOSE = 0.7;
const UNLIKE = 0.4;

/** Images that fit the negative of a pattern so well, and so much better than the pattern laid otherwise, are inverted. */
const INVERTED = { level: 0.4, gain: 0.3 } as const;

/** How well an image fits a pattern of bright and dark places as it is, and laid otherwise, in the order of `TURNS`. */
export interface Fit {
  readonly own: number;
  readonly turned: readonly number[];
}

/** How the images of one group lie beside those of another. */
export type Lying =
  | { readonly what: 'turned'; readonly how: string }
  | { readonly what: 'inverted' }
  /** Bright and dark are in other places, however they are laid: how well images of the groups fit. */
  | { readonly what: 'other'; readonly ours: number; readonly theirs: number };

/** Which cell lies at each place after each turn. */
const LAID = TURNS.map(({ from }) =>
  Array.from({ length: CELLS * CELLS }, (_, i) => {
    const [x, y] = from(i % CELLS, Math.floor(i / CELLS), CELLS - 1, CELLS - 1);
    return CELLS * y + x;
  }),
);

/** How well places fit a pattern. @param places of length 1, as `brightPlaces` gives them */
export function fitOf(places: Float64Array, pattern: Float64Array): Fit {
  const common = unit(pattern.slice());
  const turned = LAID.map((from) => from.reduce((sum, place, i) => sum + places[place] * common[i], 0));
  return { own: dot(places, common), turned };
}

/** What places have in common, added up. */
export function patternOf(images: readonly { readonly places: Float64Array }[]): Float64Array {
  const sum = new Float64Array(CELLS * CELLS);
  for (const { places } of images) for (let i = 0; i < sum.length; i++) sum[i] += places[i];
  return sum;
}

/** How each of some images fits the others: an image is always like itself. @param pattern of all of them */
export function fitsOfOthers(images: readonly { readonly places: Float64Array }[], pattern: Float64Array): Fit[] {
  return images.map(({ places }) =>
    fitOf(
      places,
      pattern.map((one, i) => one - places[i]),
    ),
  );
}

/**
 * Whether images lie otherwise than those of another group: nearly all of them, and so that it is no chance. Where these show nothing
 * in common, or fit no better as they are than turned, nothing can be said.
 * @param ours fits of a group to its own pattern, each without itself
 * @param theirs fits of the other one to the same pattern
 */
export function lyingOf(ours: readonly Fit[], theirs: readonly Fit[]): Lying | null {
  if (Math.min(ours.length, theirs.length) === 0 || mean(ours.map(({ own }) => own)) < ALIKE) return null;
  if (isInverted(theirs) && differ(ours, theirs, ({ own }) => own)) return { what: 'inverted' };
  const ways = TURNS.map(({ name }, k) => {
    const stay = ours.map(({ own, turned }) => own - turned[k]);
    const gain = theirs.map(({ own, turned }) => turned[k] - own);
    const agreed = Math.min(shareAbove(stay), shareAbove(gain)) >= AGREED;
    const fits = mean(theirs.map(({ turned }) => turned[k])) >= UNLIKE;
    const isFound = agreed && fits && mean(stay) >= BETTER && mean(gain) >= BETTER;
    return { name, gain: isFound && differ(ours, theirs, ({ own, turned }) => own - turned[k]) ? mean(gain) : 0 };
  });
  const most = ways.reduce((best, { gain }) => Math.max(best, gain), 0);
  // What is about symmetric fits mirrored as well: the first of them is the simplest.
  if (most > 0) return { what: 'turned', how: ways.find(({ gain }) => gain >= NEARLY * most)!.name };
  const [close, unlike] = [ours, theirs].map((fits) => mean(fits.map(bestOf)));
  if (close < CLOSE || unlike > UNLIKE || !differ(ours, theirs, bestOf)) return null;
  return { what: 'other', ours: close, theirs: unlike };
}

/** Whether groups are clearly apart by a number. */
function differ(ours: readonly Fit[], theirs: readonly Fit[], of: (fit: Fit) => number): boolean {
  return isClear(separation(ours.map(of), theirs.map(of)));
}

function isInverted(fits: readonly Fit[]): boolean {
  const opposite = -mean(fits.map(({ own }) => own));
  const laid = mean(fits.map(({ turned }) => Math.max(...turned)));
  return opposite > INVERTED.level && laid < opposite - INVERTED.gain;
}

function bestOf({ own, turned }: Fit): number {
  return Math.max(own, ...turned);
}

function shareAbove(numbers: readonly number[]): number {
  return numbers.filter((one) => one > 0).length / numbers.length;
}
