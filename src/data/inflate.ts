/**
 * Inflate (RFC 1950 and 1951) into a buffer whose size is known beforehand.
 *
 * A PNG header says exactly how many bytes its stream must give. Holding the stream to that number makes a truncated
 * stream an error and a compression bomb harmless; the streaming inflaters at hand do neither.
 */

const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const DISTANCE_BITS = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
/** The order in which a dynamic block lists the lengths of its code-length code. */
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** Lookup by the next `bits` input bits (first bit lowest): `symbol << 4 | length`, 0 where no code matches. */
interface Huffman {
  readonly bits: number;
  readonly table: Uint16Array;
}

let fixed: { literals: Huffman; distances: Huffman } | undefined;

/** The `size` bytes of a zlib stream; throws an `Error` when the stream is corrupt or gives another number of bytes. */
export function inflateZlib(data: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  if (data.length < 2 || (data[0] & 15) !== 8 || ((data[0] << 8) | data[1]) % 31 !== 0 || data[1] & 32) {
    throw new Error('the compressed stream has no valid zlib header');
  }
  const input = new BitReader(data, 2);
  const out = new Uint8Array(size);
  let at = 0;
  for (let last = false; !last; ) {
    last = input.take(1) === 1;
    const kind = input.take(2);
    if (kind === 0) at = input.stored(out, at);
    else if (kind === 3) throw new Error('the compressed stream has an unknown block type');
    else {
      const { literals, distances } = kind === 1 ? fixedCodes() : readCodes(input);
      at = inflateBlock(input, out, at, literals, distances);
    }
  }
  // The Adler-32 that follows is not read: the CRCs of the PNG chunks cover the same bytes.
  if (at !== size) throw new Error(`the compressed stream ends after ${at} of ${size} bytes`);
  return out;
}

function inflateBlock(input: BitReader, out: Uint8Array, start: number, literals: Huffman, distances: Huffman): number {
  let at = start;
  for (;;) {
    const symbol = input.symbol(literals);
    if (symbol < 256) {
      if (at === out.length) throw new Error('the compressed stream is longer than the picture');
      out[at++] = symbol;
      continue;
    }
    if (symbol === 256) return at;
    const k = symbol - 257;
    if (k >= LENGTH_BASE.length) throw new Error('the compressed stream has an unknown length code');
    const length = LENGTH_BASE[k] + input.take(LENGTH_BITS[k]);
    const d = input.symbol(distances);
    if (d >= DISTANCE_BASE.length) throw new Error('the compressed stream has an unknown distance code');
    const distance = DISTANCE_BASE[d] + input.take(DISTANCE_BITS[d]);
    if (distance > at) throw new Error('the compressed stream points before its beginning');
    const end = at + length;
    if (end > out.length) throw new Error('the compressed stream is longer than the picture');
    for (; at < end; at++) out[at] = out[at - distance]; // may overlap: byte by byte
  }
}

/** Bits of a byte string, lowest first. */
class BitReader {
  private readonly data: Uint8Array;
  private position: number;
  private hold = 0;
  private held = 0;

  constructor(data: Uint8Array, position: number) {
    this.data = data;
    this.position = position;
  }

  private fill(bits: number): void {
    while (this.held < bits && this.position < this.data.length) {
      this.hold |= this.data[this.position++] << this.held;
      this.held += 8;
    }
  }

  private drop(bits: number): void {
    if (bits > this.held) throw new Error('the compressed stream is truncated');
    this.hold >>>= bits;
    this.held -= bits;
  }

  /** The next `bits` ≤ 13 bits as a number. */
  take(bits: number): number {
    this.fill(bits);
    const value = this.hold & ((1 << bits) - 1);
    this.drop(bits);
    return value;
  }

  /** The next symbol of a code. */
  symbol(code: Huffman): number {
    this.fill(code.bits);
    const entry = code.table[this.hold & ((1 << code.bits) - 1)];
    if (entry === 0) throw new Error('the compressed stream has an invalid code');
    this.drop(entry & 15);
    return entry >> 4;
  }

  /** Copies a stored block to `out[at…]`; the position after it. */
  stored(out: Uint8Array, at: number): number {
    this.drop(this.held & 7);
    this.position -= this.held >> 3;
    this.hold = this.held = 0;
    const p = this.position;
    if (p + 4 > this.data.length) throw new Error('the compressed stream is truncated');
    const length = this.data[p] | (this.data[p + 1] << 8);
    if ((length ^ 0xffff) !== (this.data[p + 2] | (this.data[p + 3] << 8))) {
      throw new Error('the compressed stream has a damaged stored block');
    }
    if (p + 4 + length > this.data.length) throw new Error('the compressed stream is truncated');
    if (at + length > out.length) throw new Error('the compressed stream is longer than the picture');
    out.set(this.data.subarray(p + 4, p + 4 + length), at);
    this.position = p + 4 + length;
    return at + length;
  }
}

function readCodes(input: BitReader): { literals: Huffman; distances: Huffman } {
  const literalCount = input.take(5) + 257;
  const distanceCount = input.take(5) + 1;
  const orderCount = input.take(4) + 4;
  const order = new Uint8Array(19);
  for (let i = 0; i < orderCount; i++) order[CODE_LENGTH_ORDER[i]] = input.take(3);
  const code = huffman(order);
  const lengths = new Uint8Array(literalCount + distanceCount);
  for (let i = 0; i < lengths.length; ) {
    const symbol = input.symbol(code);
    if (symbol < 16) {
      lengths[i++] = symbol;
      continue;
    }
    if (symbol === 16 && i === 0) throw new Error('the compressed stream repeats a length before the first');
    const value = symbol === 16 ? lengths[i - 1] : 0;
    const repeat = symbol === 16 ? 3 + input.take(2) : symbol === 17 ? 3 + input.take(3) : 11 + input.take(7);
    if (i + repeat > lengths.length) throw new Error('the compressed stream lists too many code lengths');
    lengths.fill(value, i, i + repeat);
    i += repeat;
  }
  return { literals: huffman(lengths.subarray(0, literalCount)), distances: huffman(lengths.subarray(literalCount)) };
}

function fixedCodes(): { literals: Huffman; distances: Huffman } {
  if (!fixed) {
    const lengths = new Uint8Array(288).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280);
    fixed = { literals: huffman(lengths), distances: huffman(new Uint8Array(30).fill(5)) };
  }
  return fixed;
}

/** The canonical code of these lengths (0: unused) as one table of 2^(longest length) entries. */
function huffman(lengths: Uint8Array): Huffman {
  const count = new Uint16Array(16);
  for (const length of lengths) count[length]++;
  count[0] = 0;
  let bits = 15;
  while (bits > 1 && count[bits] === 0) bits--;
  const next = new Uint16Array(16);
  let code = 0;
  for (let length = 1; length <= bits; length++) {
    code = (code + count[length - 1]) << 1;
    if (code + count[length] > 1 << length) throw new Error('the compressed stream has an impossible code');
    next[length] = code;
  }
  const table = new Uint16Array(1 << bits);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol];
    if (length === 0) continue;
    let reversed = 0;
    for (let i = 0, c = next[length]++; i < length; i++, c >>= 1) reversed = (reversed << 1) | (c & 1);
    for (let i = reversed; i < table.length; i += 1 << length) table[i] = (symbol << 4) | length;
  }
  return { bits, table };
}
