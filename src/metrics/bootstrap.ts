import { ruleStream } from '../base/rule.ts';

/** Lower and upper bound of a statistic. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Scores of both classes. */
export interface ClassScores {
  readonly normal: readonly number[];
  readonly abnormal: readonly number[];
}

/**
 * Percentile bootstrap, stratified: each class is drawn with replacement as often as it has images, so a draw never lacks
 * one. The statistic may be a list of numbers, e.g. a curve on a grid; each gets an interval of its own.
 * @param seed of the draws: the same seed gives the same intervals
 * @param draws how often images are drawn
 * @param level share of the draws between the bounds
 */
export function bootstrap(
  { normal, abnormal }: ClassScores,
  statistic: (drawn: ClassScores) => readonly number[],
  seed: number,
  draws = 500,
  level = 0.95,
): Interval[] {
  const random = ruleStream('bootstrap', seed);
  let next = 0;
  const draw = (scores: readonly number[]) =>
    scores.map(() => scores[Math.floor((random(next++) / 2 ** 32) * scores.length)]);
  const results = Array.from({ length: draws }, () => statistic({ normal: draw(normal), abnormal: draw(abnormal) }));
  return results[0].map((_, i) => {
    const values = results.map((result) => result[i]).sort((a, b) => a - b);
    return { low: quantile(values, (1 - level) / 2), high: quantile(values, (1 + level) / 2) };
  });
}

/** Of ascending values, interpolated linearly. */
function quantile(values: readonly number[], share: number): number {
  const at = share * (values.length - 1);
  const low = Math.floor(at);
  const high = Math.min(values.length - 1, low + 1);
  return values[low] + (at - low) * (values[high] - values[low]);
}
