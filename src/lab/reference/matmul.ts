/** float64 references of matmul and of its epilogue: loops, nothing clever. */

/** op(a) op(b) for matrices stored row by row; a is [m, k] or (transposed) [k, m], b is [k, n] or [n, k]. */
export function matmulReference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  [m, k, n]: readonly [number, number, number],
  transposeA = false,
  transposeB = false,
): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum += a[transposeA ? l * m + i : i * k + l] * b[transposeB ? j * k + l : l * n + j];
      out[i * n + j] = sum;
    }
  }
  return out;
}

/** Gradients of op(a) op(b) by its inputs, as they are stored, given the gradient [m, n] of the product. */
export function matmulGradientReference(
  grad: ArrayLike<number>,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  [m, k, n]: readonly [number, number, number],
  transposeA = false,
  transposeB = false,
): { a: Float64Array; b: Float64Array } {
  const da = new Float64Array(m * k);
  const db = new Float64Array(k * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      for (let l = 0; l < k; l++) {
        const atA = transposeA ? l * m + i : i * k + l;
        const atB = transposeB ? j * k + l : l * n + j;
        da[atA] += grad[i * n + j] * b[atB];
        db[atB] += grad[i * n + j] * a[atA];
      }
    }
  }
  return { a: da, b: db };
}

/** erf to about 1e-15: its power series, and 1 beyond 6. */
export function erf(x: number): number {
  const t = Math.abs(x);
  if (t > 6) return Math.sign(x);
  if (t > 2.5) return Math.sign(x) * (1 - erfcFraction(t));
  let term = t;
  let sum = t;
  for (let n = 1; n < 200 && Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (-t * t) / n;
    sum += term / (2 * n + 1);
  }
  return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
}

/** erfc for x > 2 by its continued fraction. */
function erfcFraction(x: number): number {
  let f = 0;
  for (let n = 60; n >= 1; n--) f = n / 2 / (x + f);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + f);
}

/** Activations of the epilogue. */
export function activationReference(act: 'none' | 'relu' | 'gelu' | 'quickgelu', x: number): number {
  switch (act) {
    case 'relu':
      return Math.max(x, 0);
    case 'gelu':
      return 0.5 * x * (1 + erf(x / Math.SQRT2));
    case 'quickgelu':
      return x / (1 + Math.exp(-1.702 * x));
    default:
      return x;
  }
}
