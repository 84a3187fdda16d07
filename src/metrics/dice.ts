/** 2 |A ∩ B| / (|A| + |B|) of two masks of equal size (not 0 is inside); 1 when both are empty. */
export function dice(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new RangeError(`masks of ${a.length} and ${b.length} pixels`);
  let both = 0;
  let total = 0;
  for (let i = 0; i < a.length; i++) {
    const [inA, inB] = [a[i] ? 1 : 0, b[i] ? 1 : 0];
    both += inA & inB;
    total += inA + inB;
  }
  return total === 0 ? 1 : (2 * both) / total;
}
