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
  const odd = images.flatMap(({ id, values }) => {
    const what = judgeValues(values, rule);
    return what ? [{ id, ...what }] : [];
  });
  const told = new Set(odd.map(({ id }) => id));
  const others = images.filter(({ id }) => !told.has(id));
  const problems = [...problemsOf(path, odd, rule), ...polarityProblems(path, others, rule.given)];
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
