import { type Ranking, type Tally, walked } from './ranking.ts';

/**
 * Area under the ROC curve: the probability that a positive scores higher than a negative, where a tie counts one half
 * (equal to average ranks). NaN when a class is absent.
 */
export function auroc(ranking: Ranking): number {
  return walked(ranking, aurocTally(ranking));
}

/** {@link auroc} beside others. */
export function aurocTally({ positives, negatives }: Ranking): Tally<number> {
  let above = 0; // positives with a higher score
  let won = 0; // pairs, in halves exactly representable up to 2^52
  return {
    visit: (_, p, n) => {
      won += n * (above + p / 2);
      above += p;
    },
    // 0 / 0 where a class is absent
    result: () => won / (positives * negatives),
  };
}
