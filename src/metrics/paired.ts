import { atan } from '../base/elementary.ts';

/** A mean with the interval that holds it in 95 % of cases, if values are spread normally. */
export interface MeanInterval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** Differences of pairs: their mean with its interval, and how sure their sign is. */
export interface PairedDifference extends MeanInterval {
  /** Pairs in which the first is greater, and in which it is smaller. */
  readonly above: number;
  readonly below: number;
  /** Two-sided sign test, equal pairs left out; 1 for none. */
  readonly signP: number;
}

/**
 * Mean and its 95 % interval by Student's t; the bounds are infinite for a single value.
 * @param values at least one
 */
export function meanInterval(values: readonly number[]): MeanInterval {
  const count = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / count;
  if (count < 2) return { mean, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, count };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  const half = studentQuantile(count - 1) * Math.sqrt(variance / count);
  return { mean, low: mean - half, high: mean + half, count };
}

/**
 * First less second, pair by pair.
 * @param first of the length of `second`, at least one
 */
export function pairedDifference(first: readonly number[], second: readonly number[]): PairedDifference {
  const differences = first.map((value, i) => value - second[i]);
  const above = differences.filter((value) => value > 0).length;
  const below = differences.filter((value) => value < 0).length;
  return { ...meanInterval(differences), above, below, signP: signTest(above, below) };
}

/** Two-sided p-value of `above` heads and `below` tails of a fair coin. */
export function signTest(above: number, below: number): number {
  const n = above + below;
  const rare = Math.min(above, below);
  let [term, sum] = [0.5 ** n, 0];
  for (let k = 0; k <= rare; k++) {
    sum += term;
    term *= (n - k) / (k + 1);
  }
  return Math.min(1, 2 * sum);
}

/** What Student's t with `freedom` degrees exceeds, either way, in 5 % of cases. */
function studentQuantile(freedom: number): number {
  let [low, high] = [1, 20];
  for (let k = 0; k < 60; k++) {
    const t = (low + high) / 2;
    if (studentTails(t, freedom) > 0.05) low = t;
    else high = t;
  }
  return low;
}

/** Probability that |t| exceeds a value: the finite series of Abramowitz and Stegun, 26.7.3 and 26.7.4. */
function studentTails(t: number, freedom: number): number {
  const theta = atan(t / Math.sqrt(freedom));
  const [sin, cos] = [t, Math.sqrt(freedom)].map((side) => side / Math.sqrt(t * t + freedom));
  const odd = freedom % 2 === 1;
  let [term, sum] = [odd ? cos : 1, 0];
  for (let k = odd ? 1 : 0; k <= freedom - 2; k += 2) {
    sum += term;
    term *= ((k + 1) / (k + 2)) * cos * cos;
  }
  const inside = odd ? (2 / Math.PI) * (theta + sin * sum) : sin * sum;
  return 1 - inside;
}
