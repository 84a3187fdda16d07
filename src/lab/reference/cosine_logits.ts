const EPS = 1e-12;

/** float64 reference: temperature · f[r]·t[c] / max(|f[r]|, 1e-12); f [rows, E], t [C, E] → [rows, C]. */
export function cosineLogitsReference(
  f: ArrayLike<number>,
  t: ArrayLike<number>,
  [rows, classes, width]: readonly [number, number, number],
  temperature: number,
): Float64Array {
  const out = new Float64Array(rows * classes);
  for (let r = 0; r < rows; r++) {
    const { inverse } = norm(f, r, width);
    for (let c = 0; c < classes; c++) {
      for (let i = 0; i < width; i++)
        out[r * classes + c] += temperature * inverse * f[r * width + i] * t[c * width + i];
    }
  }
  return out;
}

/** Gradients by f and t; where |f| ≤ 1e-12 the norm counts as a constant. */
export function cosineLogitsGradientReference(
  grad: ArrayLike<number>,
  f: ArrayLike<number>,
  t: ArrayLike<number>,
  [rows, classes, width]: readonly [number, number, number],
  temperature: number,
): { f: Float64Array; t: Float64Array } {
  const df = new Float64Array(rows * width);
  const dt = new Float64Array(classes * width);
  for (let r = 0; r < rows; r++) {
    const { inverse, clamped } = norm(f, r, width);
    for (let c = 0; c < classes; c++) {
      const g = temperature * grad[r * classes + c];
      let cosine = 0;
      for (let i = 0; i < width; i++) cosine += inverse * f[r * width + i] * t[c * width + i];
      for (let i = 0; i < width; i++) {
        const unit = inverse * f[r * width + i];
        df[r * width + i] += g * inverse * (t[c * width + i] - (clamped ? 0 : unit * cosine));
        dt[c * width + i] += g * unit;
      }
    }
  }
  return { f: df, t: dt };
}

function norm(f: ArrayLike<number>, r: number, width: number): { inverse: number; clamped: boolean } {
  let squares = 0;
  for (let i = 0; i < width; i++) squares += f[r * width + i] ** 2;
  const length = Math.sqrt(squares);
  return { inverse: 1 / Math.max(length, EPS), clamped: length <= EPS };
}
