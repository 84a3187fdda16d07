import type { DataSet } from './data_set.ts';

/** A look-up table: values below `first` take its first entry, those above its end the last. */
export interface Lut {
  readonly first: number;
  /** Bits of an entry. */
  readonly bits: number;
  readonly values: Uint16Array;
}

/**
 * The table of an item of the modality or VOI LUT sequence.
 * @param signed whether what goes in may be negative: the first value is written in 16 bits either way
 * Throws an `Error` where it is cut short.
 */
export function readLut(item: DataSet, signed: boolean): Lut {
  const [count, start, bits] = item.numbers('lutDescriptor');
  const element = item.element('lutData');
  if (bits === undefined || !element) throw new Error('a look-up table is not described');
  const entries = count === 0 ? 65536 : count & 0xffff;
  const bytes = item.value(element);
  const first = signed ? (start << 16) >> 16 : start & 0xffff;
  if (bytes.length >= 2 * entries) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const values = Uint16Array.from({ length: entries }, (_, i) => view.getUint16(2 * i, !item.writing.bigEndian));
    return { first, bits, values };
  }
  // Tables of 8 bits may be packed.
  if (bits > 8 || bytes.length < entries) throw new Error('a look-up table is cut short');
  return { first, bits, values: Uint16Array.from(bytes.subarray(0, entries)) };
}

/** The entry for a value. */
export function lookUp({ first, values }: Lut, value: number): number {
  return values[Math.min(values.length - 1, Math.max(0, Math.floor(value) - first))];
}
