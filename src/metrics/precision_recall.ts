import type { Ranking } from './ranking.ts';

/** What a threshold does: of what is predicted positive, how much is, and how much of all positives that is. */
export interface PrecisionRecallPoint {
  readonly threshold: number;
  readonly recall: number;
  readonly precision: number;
}

/** The precision–recall curve: one point for every distinct score, highest first. Empty when a class is absent. */
export function precisionRecallCurve({ positives, negatives, walk }: Ranking): PrecisionRecallPoint[] {
  if (positives === 0 || negatives === 0) return [];
  const points: PrecisionRecallPoint[] = [];
  let [hits, alarms] = [0, 0];
  walk((threshold, p, n) => {
    hits += p;
    alarms += n;
    points.push({ threshold, recall: hits / positives, precision: hits / (hits + alarms) });
  });
  return points;
}
