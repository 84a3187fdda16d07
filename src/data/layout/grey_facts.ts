import { joinPath } from '../../base/paths.ts';
import { chooseRule, ruleLine } from '../range/choose.ts';
import { judgeValues, type OddValues, shown } from '../range/judge.ts';
import { rangeAdvice } from '../range/read.ts';
import { levelOf, type RangeRule, rangeOf } from '../range/rule.ts';
import type { Inventory } from './inventory.ts';
import { polarityProblems } from './polarity.ts';
import type { Problem } from './problem.ts';
import type { ImageFacts } from './read_scan.ts';
import type { DataRules } from './rules.ts';
import type { Scan } from './scanned.ts';

/** How the values of a data set are read. */
export interface GreyFacts {
  readonly rule: RangeRule;
  readonly facts: Pick<Inventory, 'bits' | 'grey'>;
  readonly problems: readonly Problem[];
}

/**
 * Finds the rule for the values of a set, on its validation split alone, and holds every image against it.
 * @param known the rule of a run, which stays
 */
export function greyFacts(
  { path, classes }: Scan,
  images: readonly ImageFacts[],
  setting: DataRules['range'],
  known: RangeRule | null,
): GreyFacts {
  const valid = new Set(classes.flatMap((c) => c.samples.flatMap((one) => (one.split === 'valid' ? one.id : []))));
  const own = images.filter(({ id }) => valid.has(id)).map(({ values }) => values);
  const rule = known ?? chooseRule(setting, own);
  const masks = maskLike(images);
  const odd = images.flatMap((image) => {
    const what = masks.includes(image) ? null : judgeValues(image.values, rule);
    return what ? [{ id: image.id, ...what }] : [];
  });
  const told = new Set([...odd, ...masks].map(({ id }) => id));
  const others = images.filter(({ id }) => !told.has(id));
  const problems = [
    ...problemsOf(path, odd, rule),
    ...maskProblems(path, masks, images.length, rule.given),
    ...polarityProblems(path, others, rule.given),
  ];
  return { rule, facts: summary(images, rule), problems };
}

/** One problem for each kind of oddity: an error where the rule was found, told where it was given. */
function problemsOf(path: string, odd: readonly (OddValues & { id: string })[], rule: RangeRule): Problem[] {
  return [...new Set(odd.map(({ why }) => why))].map((why) => {
    const same = odd.filter((one) => one.why === why);
    const [first] = same;
    const more = same.length > 1 ? ` (and ${same.length - 1} more images are like it)` : '';
    const message = `it ${first.what}${more}${rule.given ? '' : `; ${rangeAdvice(first)}`}`;
    const severity = rule.given ? 'warning' : 'error';
    return { kind: 'odd_values', severity, path: joinPath(path, first.id), message, leave: same.map(({ id }) => id) };
  });
}

/** Pictures of two values among others of many. */
function maskLike(images: readonly ImageFacts[]): readonly ImageFacts[] {
  const flat = images.filter(({ values }) => values.twoValued);
  return flat.length === images.length ? [] : flat;
}

/** Masks whose names and folders do not say so would be scored as images. */
function maskProblems(path: string, flat: readonly ImageFacts[], all: number, given: boolean): Problem[] {
  if (flat.length === 0) return [];
  const leave = flat.map(({ id }) => id);
  const several = flat.length > 1;
  const what = `it has two values alone, as a mask has${several ? `; so have ${flat.length - 1} more of ${all} images` : ''}`;
  const advice = `; masks belong into a folder masks, or have _mask behind the name of their image; leave ${several ? 'them' : 'it'} out with --skip, or take all as they are with --range full`;
  const severity = given ? 'warning' : 'error';
  const message = given ? what : what + advice;
  return [{ kind: 'mask_as_image', severity, path: joinPath(path, leave[0]), message, leave }];
}

function summary(images: readonly ImageFacts[], rule: RangeRule): Pick<Inventory, 'bits' | 'grey'> {
  const bits = new Map<number, number>();
  for (const { values } of images) bits.set(values.bits, (bits.get(values.bits) ?? 0) + 1);
  const levels = images.map(({ id, values }) => {
    const range = rangeOf(rule, values);
    const level = (value: number) => levelOf(value, range, values.kind !== 'float32');
    return { id, low: level(values.lowest), high: level(values.highest) };
  });
  const narrowest = levels.reduce<(typeof levels)[0] | null>(
    (best, one) => (best === null || one.high - one.low < best.high - best.low ? one : best),
    null,
  );
  const least = (of: readonly number[]) => of.reduce((value, one) => Math.min(value, one), Number.POSITIVE_INFINITY);
  const most = (of: readonly number[]) => of.reduce((value, one) => Math.max(value, one), Number.NEGATIVE_INFINITY);
  const lowest = least(images.map(({ values }) => values.lowest));
  const highest = most(images.map(({ values }) => values.highest));
  return {
    bits: [...bits].map(([depth, count]) => ({ bits: depth, count })).sort((a, b) => b.count - a.count),
    grey: narrowest && {
      values: `${shown(lowest)} to ${shown(highest)}`,
      rule: ruleLine(
        rule,
        images.map(({ values }) => values.kind),
      ),
      low: least(levels.map(({ low }) => low)),
      high: most(levels.map(({ high }) => high)),
      narrowest,
    },
  };
}
