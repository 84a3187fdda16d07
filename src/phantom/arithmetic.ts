/**
 * Functions that phantoms are made of. Phantoms must be the same bytes in every runtime, and ECMAScript leaves the last
 * bits of `Math.sin`, `Math.exp` and `**` to the engine. So phantoms use only what IEEE 754 rounds in one way: + − × ÷
 * of doubles, stores to float32, `Math.sqrt` (a correctly rounded instruction on every processor), and the exact
 * `Math.floor`, `min`, `max`, `abs`. The curves below are built from these; their accuracy as mathematics is no matter.
 */

/** `x` within [0, 1]. */
export function unit(x: number): number {
  return Math.min(1, Math.max(0, x));
}

/** 0 up to x = 0, 1 from x = 1, a smooth step between. */
export function smooth(x: number): number {
  return x <= 0 ? 0 : x >= 1 ? 1 : x * x * (3 - 2 * x);
}

/** The value on the line from `a` (t = 0) to `b` (t = 1). */
export function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

/** sin(2π t) by a polynomial, off by at most 4e-6. */
export function sine(t: number): number {
  let r = t - Math.floor(t + 0.5);
  if (r > 0.25) r = 0.5 - r;
  else if (r < -0.25) r = -0.5 - r;
  const x = 6.283185307179586 * r;
  const q = x * x;
  return x * (1 + q * (-1 / 6 + q * (1 / 120 + q * (-1 / 5040 + q * (1 / 362880)))));
}

/** cos(2π t). */
export function cosine(t: number): number {
  return sine(t + 0.25);
}

/** A bell of height 1 at 0 that has fallen to 1/4 at ±1 and has long thin tails. */
export function bell(x: number): number {
  const d = 1 / (1 + x * x);
  return d * d;
}

/** e^−x for x ≥ 0, to about three digits: the sixteenth power of the reciprocal of e^(x/16)'s cubic. */
export function decay(x: number): number {
  const t = x / 16;
  let p = 1 + t * (1 + t * (0.5 + t / 6));
  p *= p;
  p *= p;
  p *= p;
  p *= p;
  return 1 / p;
}

/** Distance from a point to the segment between two others. */
export function segmentDistance(px: number, py: number, ax: number, ay: number, bx: number, by: number): number {
  const [dx, dy] = [bx - ax, by - ay];
  const t = unit(((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy + 1e-12));
  const [ex, ey] = [px - ax - t * dx, py - ay - t * dy];
  return Math.sqrt(ex * ex + ey * ey);
}
