import { erf } from './erf.ts';

/** relu, leaky relu (0.01), gelu with the exact Φ, quickgelu; float64. */
export function activation(x: ArrayLike<number>, kind: 'relu' | 'leaky_relu' | 'gelu' | 'quickgelu'): Float64Array {
  return Float64Array.from(x, (v) => {
    if (kind === 'relu') return Math.max(v, 0);
    if (kind === 'leaky_relu') return Math.max(v, 0.01 * v);
    return kind === 'gelu' ? 0.5 * v * (1 + erf(v / Math.SQRT2)) : v / (1 + Math.exp(-1.702 * v));
  });
}
