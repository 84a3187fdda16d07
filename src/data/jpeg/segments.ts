import { type Component, type Frame, frameOf } from './frame.ts';
import { HuffmanTable, nextMarker } from './huffman.ts';
import { inverse } from './inverse.ts';
import { decodeScan } from './scan.ts';
import type { ScanHeader } from './scan_header.ts';
import { ZIGZAG } from './zigzag.ts';

/** Tables and settings that segments give to those after them. */
export class Tables {
  readonly quantization: (Int32Array | undefined)[] = [];
  readonly first: (HuffmanTable | undefined)[] = [];
  readonly others: (HuffmanTable | undefined)[] = [];
  restart = 0;
}

/** Who takes the segments of a JPEG, in their order. */
export interface SegmentReader {
  /** A frame header. @param kind its marker: 0xc0 baseline, 0xc2 progressive, … */
  frame(kind: number, data: Uint8Array): void;
  /** A scan header, behind which bits begin at index `at`. Gives an index between these and the next marker. */
  scan(data: Uint8Array, at: number, tables: Tables): number;
  /** What a program has left for others. */
  application?(marker: number, data: Uint8Array): void;
}

/**
 * Reads a JPEG up to its end mark, or to where it ends without one.
 * @throws Error that says what is wrong
 */
export function readSegments(bytes: Uint8Array, reader: SegmentReader): void {
  const tables = new Tables();
  for (let at = nextMarker(bytes, 2); at < bytes.length && bytes[at + 1] !== 0xd9; at = nextMarker(bytes, at)) {
    const marker = bytes[at + 1];
    // Restart markers that are left over, and such without a segment.
    if ((marker >= 0xd0 && marker <= 0xd8) || marker === 1) {
      at += 2;
      continue;
    }
    const length = (bytes[at + 2] << 8) | bytes[at + 3];
    if (!(length >= 2) || at + 2 + length > bytes.length) throw new Error('a segment has a wrong length');
    const data = bytes.subarray(at + 4, at + 2 + length);
    at += 2 + length;
    if (marker === 0xdb) readQuantization(data, tables);
    else if (marker === 0xc4) readHuffman(data, tables);
    else if (marker === 0xdd) tables.restart = (data[0] << 8) | data[1];
    else if (marker === 0xda) at = reader.scan(data, at, tables);
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8 && marker !== 0xcc) reader.frame(marker, data);
    else reader.application?.(marker, data);
  }
}

/**
 * The components of a JPEG whose headers have been checked up to its first scan.
 * @throws Error that says what is wrong with the rest
 */
export function decodeFrame(bytes: Uint8Array): Frame {
  let frame: Frame | null = null;
  readSegments(bytes, {
    frame(kind, data) {
      if (frame) throw new Error('it holds more than one picture');
      frame = frameOf(data, kind === 0xc2);
    },
    scan(data, at, tables) {
      if (!frame) throw new Error('the frame header is missing');
      return decodeScan(bytes, at, frame, scanHeader(data, frame, tables));
    },
  });
  const whole = frame as Frame | null;
  for (const component of whole!.components) finish(component);
  return whole!;
}

/** Samples of a component whose blocks came in several scans. */
function finish({ table, coefficients, samples, columns }: Component): void {
  if (!table) throw new Error('a colour is missing');
  if (!coefficients) return;
  const stride = 8 * columns;
  for (let at = 0, block = 0; at < coefficients.length; at += 64, block++) {
    const to = Math.floor(block / columns) * 8 * stride + (block % columns) * 8;
    inverse(coefficients, at, table, samples, to, stride);
  }
}

function readQuantization(data: Uint8Array, { quantization }: Tables): void {
  for (let at = 0; at < data.length; ) {
    const size = data[at] >> 4 === 0 ? 1 : 2;
    const slot = data[at++] & 15;
    if (at + 64 * size > data.length) throw new Error('a quantization table is too short');
    const table = new Int32Array(64);
    for (let k = 0; k < 64; k++, at += size) table[ZIGZAG[k]] = size === 1 ? data[at] : (data[at] << 8) | data[at + 1];
    quantization[slot] = table;
  }
}

function readHuffman(data: Uint8Array, { first, others }: Tables): void {
  for (let at = 0; at < data.length; ) {
    const counts = data.subarray(at + 1, at + 17);
    const count = counts.reduce((sum, n) => sum + n, 0);
    const values = data.subarray(at + 17, at + 17 + count);
    if (values.length < count || counts.length < 16) throw new Error('a Huffman table is too short');
    (data[at] >> 4 === 0 ? first : others)[data[at] & 15] = new HuffmanTable(counts, values);
    at += 17 + count;
  }
}

function scanHeader(data: Uint8Array, frame: Frame, given: Tables): ScanHeader {
  const count = data[0];
  if (!(count >= 1 && count <= 4) || data.length < 4 + 2 * count) throw new Error('a scan header is too short');
  const [begin, end, steps] = data.subarray(1 + 2 * count);
  const [from, to] = frame.progressive ? [begin, end] : [0, 63];
  const [known, shift] = frame.progressive ? [steps >> 4, steps & 15] : [0, 0];
  if (to > 63 || from > to || (from === 0) !== (to === 0 || !frame.progressive) || shift > 13) {
    throw new Error('a scan header contradicts itself');
  }
  if (from > 0 && count > 1) throw new Error('a scan header contradicts itself');
  const parts = Array.from({ length: count }, (_, i) => {
    const component = frame.components.find(({ id }) => id === data[1 + 2 * i]);
    if (!component) throw new Error('a scan is of a colour that there is not');
    const tables = data[2 + 2 * i];
    const [first, others] = [given.first[tables >> 4], given.others[tables & 15]];
    if ((from === 0 && known === 0 && !first) || (to > 0 && !others)) throw new Error('a Huffman table is missing');
    component.table ??= given.quantization[component.tableAt] ?? null;
    if (!component.table) throw new Error('a quantization table is missing');
    return { component, first, others };
  });
  return { parts, from, to, known, shift, restart: given.restart };
}
