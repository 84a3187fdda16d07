import type { Ranking } from './ranking.ts';

/**
 * The largest F1 over all distinct scores taken as threshold, and the (highest) score that reaches it when everything
 * at or above it is predicted positive. Both NaN without positives.
 *
 * The threshold is chosen on the labels it is evaluated by: an upper bound, not a result a deployed threshold would reach.
 */
export function f1Max({ positives, walk }: Ranking): { value: number; threshold: number } {
  if (positives === 0) return { value: Number.NaN, threshold: Number.NaN };
  let best = { value: -1, threshold: Number.NaN };
  let truePositives = 0;
  let predicted = 0;
  walk((score, p, n) => {
    truePositives += p;
    predicted += p + n;
    const value = (2 * truePositives) / (predicted + positives);
    if (value > best.value) best = { value, threshold: score };
  });
  return best;
}
