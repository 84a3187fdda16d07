import type { Ranking } from './ranking.ts';

/**
 * Area under the ROC curve: the probability that a positive scores higher than a negative, where a tie counts one half
 * (equal to average ranks). NaN when a class is absent.
 */
export function auroc({ positives, negatives, walk }: Ranking): number {
  if (positives === 0 || negatives === 0) return Number.NaN;
  let above = 0; // positives with a higher score
  let won = 0; // pairs, in halves exactly representable up to 2^52
  walk((_, p, n) => {
    won += n * (above + p / 2);
    above += p;
  });
  return won / (positives * negatives);
}
