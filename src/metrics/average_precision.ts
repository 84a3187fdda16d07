import { type Ranking, type Tally, walked } from './ranking.ts';

/**
 * Average precision: the sum over distinct thresholds of (gain in recall) × (precision there), without interpolation.
 * NaN without positives.
 */
export function averagePrecision(ranking: Ranking): number {
  return walked(ranking, averagePrecisionTally(ranking));
}

/** {@link averagePrecision} beside others. */
export function averagePrecisionTally({ positives }: Ranking): Tally<number> {
  let sum = 0;
  let truePositives = 0;
  let predicted = 0;
  return {
    visit: (_, p, n) => {
      truePositives += p;
      predicted += p + n;
      sum += (p / positives) * (truePositives / predicted);
    },
    result: () => (positives === 0 ? Number.NaN : sum),
  };
}
