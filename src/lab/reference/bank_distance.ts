/** float64 reference: min over m of 1 − cos(query[r], bank[m]), rows divided by max(|row|, 1e-12). */
export function bankDistanceReference(query: ArrayLike<number>, bank: ArrayLike<number>, width: number): Float64Array {
  const rows = query.length / width;
  const unit = (x: ArrayLike<number>, r: number) => {
    const row = Array.from({ length: width }, (_, i) => x[r * width + i]);
    const length = Math.max(Math.hypot(...row), 1e-12);
    return row.map((v) => v / length);
  };
  const entries = Array.from({ length: bank.length / width }, (_, m) => unit(bank, m));
  return Float64Array.from({ length: rows }, (_, r) => {
    const q = unit(query, r);
    return Math.min(...entries.map((b) => 1 - b.reduce((sum, v, i) => sum + v * q[i], 0)));
  });
}
