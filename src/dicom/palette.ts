import type { DataSet } from './data_set.ts';
import type { TagName } from './tags.ts';
import type { Samples } from './unpack.ts';

const COLOURS = ['red', 'green', 'blue'] as const;

/** One colour's table: `values[stored - first]`, as 8 bits. */
interface Table {
  readonly first: number;
  readonly values: Uint8Array;
}

/**
 * RGB bytes of the indices of a PALETTE COLOR image. Tables of 16 bits keep their high byte; indices beyond a table take its
 * nearest entry. Throws an `Error` where a table is missing or too short.
 */
export function paletteColours(indices: Samples, dataSet: DataSet, signed: boolean): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(3 * indices.length);
  for (const [c, colour] of COLOURS.entries()) {
    const { first, values } = readTable(dataSet, colour, signed);
    for (let i = 0, to = c; i < indices.length; i++, to += 3) {
      out[to] = values[Math.min(values.length - 1, Math.max(0, indices[i] - first))];
    }
  }
  return out;
}

function readTable(dataSet: DataSet, colour: (typeof COLOURS)[number], signed: boolean): Table {
  const [count, start, bits] = dataSet.numbers(`${colour}Descriptor` satisfies TagName);
  if (bits === undefined) throw new Error(`its ${colour} palette is not described`);
  const entries = count === 0 ? 65536 : count;
  // The first index is signed where the pixels are, though the file may call it unsigned.
  const first = signed ? (start << 16) >> 16 : start & 0xffff;
  const element = dataSet.element(`${colour}Table` satisfies TagName);
  if (!element) {
    const segments = dataSet.element(`${colour}Segments` satisfies TagName);
    if (!segments) throw new Error(`its ${colour} palette is missing`);
    return { first, values: highBytes(expanded(words(dataSet, segments), entries), bits) };
  }
  const bytes = dataSet.value(element);
  // Some files say 16 bits of tables that have 8.
  if (bits <= 8 || bytes.length < 2 * entries) {
    if (bytes.length >= 2 * entries)
      return { first, values: Uint8Array.from(words(dataSet, element).slice(0, entries)) };
    if (bytes.length < entries) throw new Error(`its ${colour} palette is cut short`);
    return { first, values: bytes.subarray(0, entries) };
  }
  return { first, values: highBytes(words(dataSet, element).slice(0, entries), bits) };
}

function words(dataSet: DataSet, element: { at: number; length: number }): number[] {
  const bytes = dataSet.value(element);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length >> 1 }, (_, i) => view.getUint16(2 * i, !dataSet.writing.bigEndian));
}

function highBytes(values: readonly number[], bits: number): Uint8Array {
  return Uint8Array.from(values, (value) => (bits > 8 ? value >> 8 : value));
}

/** A segmented table written out: runs of values, straight lines, and repetitions of earlier segments. */
function expanded(codes: readonly number[], entries: number): number[] {
  const out: number[] = [];
  const run = (from: number, segments: number, level: number): void => {
    let at = from;
    for (let s = 0; s < segments && at + 1 < codes.length; s++) {
      const [kind, length] = [codes[at], codes[at + 1]];
      if (out.length + length > entries && kind < 2) throw new Error('a segmented palette is too long');
      if (kind === 0) {
        out.push(...codes.slice(at + 2, at + 2 + length));
        at += 2 + length;
      } else if (kind === 1) {
        const [begin, end] = [out[out.length - 1] ?? 0, codes[at + 2] ?? 0];
        for (let i = 1; i <= length; i++) out.push(Math.round(begin + ((end - begin) * i) / length));
        at += 3;
      } else if (kind === 2 && level === 0) {
        run((codes[at + 2] ?? 0) / 2 + (codes[at + 3] ?? 0) * 32768, length, 1);
        at += 4;
      } else throw new Error('a segmented palette is broken');
    }
  };
  run(0, Number.POSITIVE_INFINITY, 0);
  if (out.length < entries) throw new Error('a segmented palette is cut short');
  return out;
}
