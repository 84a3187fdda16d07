import { shareInterval } from '../metrics/exact.ts';

/** A share of cases with its interval. */
export interface Rate {
  readonly count: number;
  readonly of: number;
  /** count / of; NaN of no cases, which JSON shows as null. */
  readonly share: number;
  /** Bounds of the exact (Clopper–Pearson) interval of 95 %. */
  readonly low: number;
  readonly high: number;
}

/** A share with its interval. */
export function rate(count: number, of: number): Rate {
  if (of === 0) return { count, of, share: Number.NaN, low: 0, high: 1 };
  return { count, of, share: count / of, ...shareInterval(count, of) };
}
