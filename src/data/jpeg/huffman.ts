/** Bits of a code that are looked up at once; longer codes are rare. */
const LOOK = 9;

/** A Huffman table of a JPEG file. */
export class HuffmanTable {
  /** By the next bits: the code's length above, its value in the low byte; 0 where the code is longer or there is none. */
  readonly short = new Uint16Array(1 << LOOK);
  /** By length: the largest code; -1 where there is none. */
  readonly largest = new Int32Array(17).fill(-1);
  /** By length: what is added to a code to find its value. */
  readonly offset = new Int32Array(17);
  readonly values: Uint8Array;

  /** @param counts how many codes have 1, 2, … 16 bits. Throws an `Error` where there are no such codes. */
  constructor(counts: Uint8Array, values: Uint8Array) {
    this.values = values;
    let code = 0;
    let at = 0;
    for (let length = 1; length <= 16; length++, code <<= 1) {
      const count = counts[length - 1];
      if (code + count > 1 << length) throw new Error('a Huffman table has too many codes');
      this.offset[length] = at - code;
      if (count > 0) this.largest[length] = code + count - 1;
      for (let i = 0; i < count; i++, code++, at++) {
        if (length > LOOK) continue;
        const first = code << (LOOK - length);
        this.short.fill((length << 8) | values[at], first, first + (1 << (LOOK - length)));
      }
    }
  }
}

/** The bits of a scan, most significant first, without the zeros that follow bytes of 255; they end at the next marker. */
export class BitReader {
  /** Index of the next byte. */
  at: number;
  readonly #data: Uint8Array;
  #bits = 0;
  /** Bits that are read and not yet taken, in the low end of `#bits`. */
  #count = 0;
  /** Bits of these that are not in the file. */
  #missing = 0;

  constructor(data: Uint8Array, at: number) {
    this.#data = data;
    this.at = at;
  }

  /** The next value of a table. */
  symbol(table: HuffmanTable): number {
    if (this.#count < 16) this.#fill();
    const known = table.short[(this.#bits >>> (this.#count - LOOK)) & ((1 << LOOK) - 1)];
    if (known !== 0) {
      this.#count -= known >> 8;
      return known & 255;
    }
    for (let length = LOOK + 1; length <= 16; length++) {
      const code = (this.#bits >>> (this.#count - length)) & ((1 << length) - 1);
      if (code > table.largest[length]) continue;
      this.#count -= length;
      return table.values[code + table.offset[length]];
    }
    throw new Error('a code is in none of its Huffman tables');
  }

  /** An unsigned number of 0 to 16 bits. */
  number(length: number): number {
    if (this.#count < length) this.#fill();
    this.#count -= length;
    return (this.#bits >>> this.#count) & ((1 << length) - 1);
  }

  /** A signed number of 1 to 16 bits as a JPEG writes it: the negative ones begin with a zero. */
  signed(length: number): number {
    const value = this.number(length);
    return value < 1 << (length - 1) ? value - (1 << length) + 1 : value;
  }

  /** Throws an `Error` when more bits were taken than there are. */
  check(): void {
    if (this.#count < this.#missing) throw new Error('its data end early');
  }

  /** Goes on behind the restart marker of this number. Throws an `Error` where it is not there. */
  restart(number: number): void {
    this.check();
    const marker = nextMarker(this.#data, this.at);
    if (this.#data[marker + 1] !== 0xd0 + number) throw new Error('a restart marker is missing');
    this.at = marker + 2;
    this.#bits = this.#count = this.#missing = 0;
  }

  #fill(): void {
    const data = this.#data;
    while (this.#count <= 24) {
      let byte = data[this.at];
      if (byte !== 0xff && byte !== undefined) this.at++;
      else if (byte === 0xff && data[this.at + 1] === 0) this.at += 2;
      else {
        byte = 0;
        this.#missing += 8;
      }
      this.#bits = (this.#bits << 8) | byte;
      this.#count += 8;
    }
  }
}

/** Where the next marker begins, a byte of 255 that is no datum, or the data's length where there is none. */
export function nextMarker(data: Uint8Array, from: number): number {
  for (let at = from; at + 1 < data.length; at++) {
    if (data[at] === 0xff && data[at + 1] !== 0 && data[at + 1] !== 0xff) return at;
  }
  return data.length;
}
