/** A number in three digits, for people. */
export function numberText(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  if (size >= 100) return Math.round(value).toLocaleString('en');
  if (size > 0 && size < 1e-3) return value.toExponential(2);
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}
