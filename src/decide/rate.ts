/** A share of cases with its interval. */
export interface Rate {
  readonly count: number;
  readonly of: number;
  /** count / of; NaN of no cases, which JSON shows as null. */
  readonly share: number;
  /** Bounds of the Wilson score interval. */
  readonly low: number;
  readonly high: number;
}

/** The 0.975 quantile of the normal distribution. */
const Z95 = 1.959963984540054;

/** A share with its Wilson interval, which holds for few cases and shares near 0 and 1 too. @param z 95 % by default */
export function rate(count: number, of: number, z = Z95): Rate {
  if (of === 0) return { count, of, share: Number.NaN, low: 0, high: 1 };
  const share = count / of;
  const square = z * z;
  const centre = (count + square / 2) / (of + square);
  const half = (z / (of + square)) * Math.sqrt((count * (of - count)) / of + square / 4);
  // At the ends the bound is exact, where the sum above leaves a rounding.
  const low = count === 0 ? 0 : centre - half;
  const high = count === of ? 1 : centre + half;
  return { count, of, share, low, high };
}
