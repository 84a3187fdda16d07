import type { Ranking } from './ranking.ts';

/**
 * Average precision: the sum over distinct thresholds of (gain in recall) × (precision there), without interpolation.
 * NaN without positives.
 */
export function averagePrecision({ positives, walk }: Ranking): number {
  if (positives === 0) return Number.NaN;
  let sum = 0;
  let truePositives = 0;
  let predicted = 0;
  walk((_, p, n) => {
    truePositives += p;
    predicted += p + n;
    sum += (p / positives) * (truePositives / predicted);
  });
  return sum;
}
