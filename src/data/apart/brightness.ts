import { mean, median } from '../../base/average.ts';
import type { Problem } from '../layout/problem.ts';
import type { ImageFacts } from '../layout/read_scan.ts';
import { levelsOf } from '../range/judge.ts';
import type { RangeRule } from '../range/rule.ts';
import { separation } from './separation.ts';
import { isClear } from './told_apart.ts';

/** Fewer grey levels are the difference of a day. */
export const LEVELS = 12;

/** Images of a label that tell where a split lies. */
const SEVERAL = 6;

/**
 * Whether the images of test are brighter or darker than those of valid, label by label: a lesion may well be bright. One image of
 * that brightness may be any; nearly all of them are another exposure, or another reading of values.
 */
export function brightnessProblems(path: string, images: readonly ImageFacts[], rule: RangeRule): Problem[] {
  const of = (split: string, label: 0 | 1) =>
    images
      .filter((image) => image.split === split && image.label === label)
      .map((one) => mean(levelsOf(one.values, rule)));
  const labels = ([0, 1] as const)
    .map((label) => ({ label, valid: of('valid', label), test: of('test', label) }))
    .filter(({ valid, test }) => Math.min(valid.length, test.length) >= SEVERAL);
  if (labels.length === 0) return [];
  const moved = labels.map(({ valid, test }) => {
    const by = median(test) - median(valid);
    return Math.abs(by) >= LEVELS && isClear(separation(valid, test)) ? Math.sign(by) : 0;
  });
  if (moved[0] === 0 || moved.some((one) => one !== moved[0])) return [];
  const [{ label, valid, test }] = labels;
  const than = moved[0] > 0 ? 'brighter' : 'darker';
  const whose = label === 0 ? 'normal' : 'abnormal';
  const message = `the images of test are ${than} than those of valid (${whose}: grey ${Math.round(median(test))} on average, in valid ${Math.round(median(valid))}), as after another export; check that both were written alike`;
  return [{ kind: 'unlike_splits', severity: 'warning', path, message }];
}
