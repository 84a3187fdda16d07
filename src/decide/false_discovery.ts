/**
 * Benjamini–Hochberg: p-values adjusted for their number, in the order given. Calling abnormal what is at or below q keeps the
 * expected share of normal images among those called at q or less. Conformal p-values that share a calibration set depend on each
 * other positively, and the bound holds for them (Bates et al., Annals of Statistics 51(1), 2023).
 */
export function benjaminiHochberg(pValues: ArrayLike<number>): Float64Array<ArrayBuffer> {
  const count = pValues.length;
  const order = Array.from({ length: count }, (_, i) => i).sort((a, b) => pValues[b] - pValues[a]);
  const adjusted = new Float64Array(count);
  let least = 1;
  order.forEach((at, i) => {
    least = Math.min(least, (pValues[at] * count) / (count - i));
    adjusted[at] = least;
  });
  return adjusted;
}
