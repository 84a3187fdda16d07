import { type Ranking, type Tally, walked } from './ranking.ts';

/**
 * The largest F1 over all distinct scores taken as threshold, and the (highest) score that reaches it when everything
 * at or above it is predicted positive. Both NaN without positives.
 *
 * The threshold is chosen on the labels it is evaluated by: an upper bound, not a result a deployed threshold would reach.
 */
export function f1Max(ranking: Ranking): { value: number; threshold: number } {
  return walked(ranking, f1MaxTally(ranking));
}

/** {@link f1Max} beside others. */
export function f1MaxTally({ positives }: Ranking): Tally<{ value: number; threshold: number }> {
  let [value, threshold] = [-1, Number.NaN];
  let truePositives = 0;
  let predicted = 0;
  return {
    visit: (score, p, n) => {
      truePositives += p;
      predicted += p + n;
      const f1 = (2 * truePositives) / (predicted + positives);
      if (f1 > value) [value, threshold] = [f1, score];
    },
    result: () => (positives === 0 ? { value: Number.NaN, threshold: Number.NaN } : { value, threshold }),
  };
}
