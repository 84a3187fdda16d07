import type { Samples } from '../dicom/unpack.ts';

/** Whole numbers within ± this are counted one by one. */
const WHOLE = 1 << 17;

/**
 * Percentiles of any number of values in bounded memory, whatever order they come in: whole numbers are counted exactly, others
 * by their first 16 binary digits, which is an error of at most 1 / 65,536 of the value.
 */
export class Percentiles {
  private readonly whole = new Float64Array(2 * WHOLE + 1);
  private readonly others = new Map<number, number>();
  private readonly single = new Float32Array(1);
  private readonly bits = new Uint32Array(this.single.buffer);

  /** Takes values; those that are padded or no numbers are left out. */
  add(values: Samples, padded: Uint8Array | null): void {
    for (let i = 0; i < values.length; i++) {
      if (padded?.[i]) continue;
      const value = values[i];
      if (Number.isInteger(value) && value >= -WHOLE && value <= WHOLE) this.whole[value + WHOLE]++;
      else if (Number.isFinite(value)) {
        this.single[0] = value;
        this.bits[0] &= 0xffffff80;
        const key = this.single[0];
        this.others.set(key, (this.others.get(key) ?? 0) + 1);
      }
    }
  }

  /**
   * The smallest values that at least `percents` per cent of all counted values above `floor` do not exceed; null where there
   * is none.
   */
  at(percents: readonly number[], floor = Number.NEGATIVE_INFINITY): number[] | null {
    const counts: [number, number][] = [...this.others];
    for (let i = 0; i < this.whole.length; i++) if (this.whole[i]) counts.push([i - WHOLE, this.whole[i]]);
    const above = counts.filter(([value]) => value > floor).sort(([a], [b]) => a - b);
    const total = above.reduce((sum, [, count]) => sum + count, 0);
    if (total === 0) return null;
    return percents.map((percent) => {
      let seen = 0;
      for (const [value, count] of above) {
        seen += count;
        if (seen >= (percent / 100) * total) return value;
      }
      return above[above.length - 1][0];
    });
  }
}
