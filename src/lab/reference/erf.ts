const TERMS = 80;

/**
 * erf(x) in float64, to about 1e-15: the Taylor series near 0, a continued fraction of erfc beyond.
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a >= 2.5) return Math.sign(x) * (1 - erfcTail(a));
  let term = x;
  let sum = x;
  for (let n = 1; n < TERMS; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** erfc(x) in float64 without cancellation for large x. */
export function erfc(x: number): number {
  return x >= 2.5 ? erfcTail(x) : 1 - erf(x);
}

/** erfc for x ≥ 2.5: exp(−x²)/√π · 1/(x + ½/(x + 1/(x + 1½/(x + …)))). */
function erfcTail(x: number): number {
  let fraction = x;
  for (let k = TERMS; k >= 1; k--) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}
