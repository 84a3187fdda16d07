import { FULL_RANGE, type SampleKind } from '../image.ts';
import { bitsUsed, fittingRange, levelDistance, levelsOf, QUARTER, shown } from './judge.ts';
import { givenRule, type Range, type RangeRule, type RangeSetting } from './rule.ts';
import type { ValueFacts } from './values.ts';

/**
 * The rule for a set of images: the one that is given, or for `auto` what the images of the validation split ask for.
 * Bytes stay as they are. Of whole numbers of 16 bits all of 8, 10, 12, 14 or 16 bits are taken, the fewest that hold every
 * value; where the images use less than a quarter of that, and for other numbers, what they use together.
 */
export function chooseRule(setting: RangeSetting, images: readonly ValueFacts[]): RangeRule {
  const ranges: Partial<Record<SampleKind, Range>> = { uint8: FULL_RANGE.uint8 };
  for (const kind of new Set(images.map((one) => one.kind))) {
    if (kind !== 'uint8') ranges[kind] = fittingRange(pooled(images.filter((one) => one.kind === kind)));
  }
  const rule = givenRule(setting) ?? { how: 'range' as const, ranges, given: false };
  return { ...rule, ...profileOf({ ...rule, profile: null, limit: 0 }, images) };
}

/** What images use together. */
function pooled(images: readonly ValueFacts[]): ValueFacts {
  const least = (of: (one: ValueFacts) => number) =>
    images.reduce((value, one) => Math.min(value, of(one)), Number.POSITIVE_INFINITY);
  const most = (of: (one: ValueFacts) => number) =>
    images.reduce((value, one) => Math.max(value, of(one)), Number.NEGATIVE_INFINITY);
  const [first] = images;
  return {
    ...first,
    lowest: least((one) => one.lowest),
    highest: most((one) => one.highest),
    low: least((one) => one.low),
    high: most((one) => one.high),
  };
}

/** How much farther from the profile an image may lie than the farthest of those that it was made of. */
const WIDER = 1.5;

/** The mean levels of images of more than one value, and how far from these others may lie. */
function profileOf(rule: RangeRule, images: readonly ValueFacts[]): Pick<RangeRule, 'profile' | 'limit'> {
  const levels = images.filter(({ lowest, highest }) => lowest < highest).map((one) => levelsOf(one, rule));
  if (levels.length === 0) return { profile: null, limit: 0 };
  const profile = levels[0].map((_, i) => levels.reduce((sum, one) => sum + one[i], 0) / levels.length);
  const rounded = profile.map((level) => Math.round(10 * level) / 10);
  const spread = levels.reduce((most, one) => Math.max(most, levelDistance(one, rounded)), 0);
  // Few images say little of what others may be.
  const limit = Math.max(QUARTER * (1 + 2 / levels.length), WIDER * spread);
  return { profile: rounded, limit: Math.round(10 * limit) / 10 };
}

/** A rule in words, with the kinds of numbers that it is used for. */
export function ruleLine({ how, ranges, given }: RangeRule, kinds: readonly SampleKind[]): string {
  const why = given ? 'as given' : 'auto';
  if (how === 'percentile') return `each image stretched between its 0.5th and 99.5th percentile (${why})`;
  const parts = [...new Set(kinds)].map((kind) => {
    const range = ranges[kind] ?? FULL_RANGE[kind];
    if (String(range) === String(FULL_RANGE[kind])) return 'over their whole range';
    const bits = kind === 'uint16' && range[0] === 0 && range[1] === 2 ** bitsUsed(range[1]) - 1;
    return `as ${shown(range[0])} to ${shown(range[1])}${bits && !given ? `, ${bitsUsed(range[1])} of 16 bits` : ''}`;
  });
  return `values are read ${[...new Set(parts)].join(' and ')} (${why})`;
}
