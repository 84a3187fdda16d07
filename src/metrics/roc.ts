import type { Ranking } from './ranking.ts';

/** What a threshold does: scores at or above it are predicted positive. */
export interface RocPoint {
  readonly threshold: number;
  /** Share of the negatives that are predicted positive: 1 − specificity. */
  readonly falsePositiveRate: number;
  /** Share of the positives that are predicted positive: sensitivity. */
  readonly truePositiveRate: number;
}

/**
 * The ROC curve: one point for every distinct score, from (0, 0) at an infinite threshold to (1, 1). Joined by straight
 * lines, its area is the AUROC. Empty when a class is absent.
 */
export function rocCurve({ positives, negatives, walk }: Ranking): RocPoint[] {
  if (positives === 0 || negatives === 0) return [];
  const points: RocPoint[] = [{ threshold: Number.POSITIVE_INFINITY, falsePositiveRate: 0, truePositiveRate: 0 }];
  let [above, alarms] = [0, 0];
  walk((threshold, p, n) => {
    above += p;
    alarms += n;
    points.push({ threshold, falsePositiveRate: alarms / negatives, truePositiveRate: above / positives });
  });
  return points;
}
