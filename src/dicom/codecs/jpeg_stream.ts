/** A component of a JPEG frame. */
export interface Component {
  readonly id: number;
  readonly across: number;
  readonly down: number;
  readonly quantiser: number;
}

/** What the frame header says. */
export interface JpegFrame {
  /** 0xc0 baseline, 0xc1 extended, 0xc3 lossless. */
  readonly kind: number;
  readonly precision: number;
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
}

/** One scan: which components it holds, by which tables, and its bits. */
export interface Scan {
  /** Indices of components in the frame. */
  readonly components: readonly number[];
  readonly dc: readonly (HuffmanTable | undefined)[];
  readonly ac: readonly (HuffmanTable | undefined)[];
  /** Of lossless JPEG: the predictor. */
  readonly first: number;
  /** Of lossless JPEG: the point transform. */
  readonly shift: number;
  readonly quantisers: readonly (Uint16Array | undefined)[];
  /** Data units between restarts, or 0. */
  readonly restart: number;
  /** The bits between restarts, without stuffed zeros. */
  readonly intervals: readonly Uint8Array[];
}

/** A JPEG stream taken apart. */
export interface JpegStream {
  readonly frame: JpegFrame;
  readonly scans: readonly Scan[];
  /** The colour transform that an Adobe marker names, or null. */
  readonly adobe: number | null;
}

/**
 * Takes a JPEG stream apart: baseline, extended or lossless, in Huffman's code. Throws an `Error` that says what is wrong.
 * @param most pixels and components that the caller expects: a header that says more is broken
 */
export function readJpegStream(bytes: Uint8Array, most: number): JpegStream {
  const quantisers: (Uint16Array | undefined)[] = [];
  const dc: (HuffmanTable | undefined)[] = [];
  const ac: (HuffmanTable | undefined)[] = [];
  const scans: Scan[] = [];
  let frame: JpegFrame | null = null;
  let adobe: number | null = null;
  let restart = 0;
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw new Error('a frame does not begin as JPEG');
  for (let at = 2; ; ) {
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++;
    if (at + 4 > bytes.length || bytes[at + 1] === 0xd9) break;
    if (bytes[at] !== 0xff) throw new Error('a JPEG marker is missing');
    const marker = bytes[at + 1];
    const length = (bytes[at + 2] << 8) | bytes[at + 3];
    const data = bytes.subarray(at + 4, at + 2 + length);
    if (length < 2 || data.length !== length - 2) throw new Error('a JPEG segment is cut short');
    at += 2 + length;
    if (marker === 0xdb) readQuantisers(data, quantisers);
    else if (marker === 0xc4) readTables(data, dc, ac);
    else if (marker === 0xdd) restart = (data[0] << 8) | data[1];
    else if (marker === 0xee && String.fromCharCode(...data.subarray(0, 5)) === 'Adobe') adobe = data[11] ?? null;
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8 && marker !== 0xcc) {
      if (frame) throw new Error('a JPEG stream has two frames');
      frame = readFrame(marker, data, most);
    } else if (marker === 0xda) {
      if (!frame) throw new Error('a JPEG stream has no frame header');
      if (scans.length > frame.components.length) throw new Error('a JPEG stream has too many scans');
      const { intervals, next } = readIntervals(bytes, at);
      scans.push(readScan(data, frame, { dc, ac, quantisers, restart, intervals }));
      at = next;
    }
  }
  if (!frame || scans.length === 0) throw new Error('a JPEG stream holds no picture');
  return { frame, scans, adobe };
}

function readFrame(kind: number, data: Uint8Array, most: number): JpegFrame {
  if (![0xc0, 0xc1, 0xc3].includes(kind)) throw new Error('a JPEG stream is progressive or in arithmetic code');
  const count = data[5];
  if (data.length < 6 + 3 * count) throw new Error('a JPEG frame header is cut short');
  const components = Array.from({ length: count }, (_, i) => {
    const [id, sampling, quantiser] = data.subarray(6 + 3 * i);
    const [across, down] = [sampling >> 4, sampling & 15];
    if (across < 1 || across > 4 || down < 1 || down > 4) throw new Error('a JPEG sampling factor is not 1 to 4');
    return { id, across, down, quantiser };
  });
  const height = (data[1] << 8) | data[2];
  const width = (data[3] << 8) | data[4];
  if (count < 1 || count > 3 || width * height * count > most) {
    throw new Error(`a JPEG stream says ${width}×${height}×${count} samples, unlike its file`);
  }
  const precision = data[0];
  if (kind === 0xc3 ? precision < 2 || precision > 16 : precision !== 8 && precision !== 12) {
    throw new Error(`a JPEG stream has ${precision} bits a sample`);
  }
  return { kind, precision, width, height, components };
}

function readQuantisers(data: Uint8Array, quantisers: (Uint16Array | undefined)[]): void {
  for (let at = 0; at < data.length; ) {
    const [wide, slot] = [data[at] >> 4, data[at] & 15];
    at++;
    const table = new Uint16Array(64);
    for (let i = 0; i < 64; i++) {
      table[i] = wide ? (data[at] << 8) | data[at + 1] : data[at];
      at += wide ? 2 : 1;
    }
    if (at > data.length) throw new Error('a JPEG quantisation table is cut short');
    quantisers[slot] = table;
  }
}

function readTables(data: Uint8Array, dc: (HuffmanTable | undefined)[], ac: (HuffmanTable | undefined)[]): void {
  for (let at = 0; at < data.length; ) {
    const counts = data.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const symbols = data.subarray(at + 17, at + 17 + total);
    if (counts.length < 16 || symbols.length < total) throw new Error('a JPEG Huffman table is cut short');
    (data[at] >> 4 ? ac : dc)[data[at] & 15] = new HuffmanTable(counts, symbols);
    at += 17 + total;
  }
}

type Tables = Pick<Scan, 'dc' | 'ac' | 'quantisers' | 'restart' | 'intervals'>;

function readScan(data: Uint8Array, frame: JpegFrame, tables: Tables): Scan {
  const count = data[0];
  if (count < 1 || count > frame.components.length || data.length < 1 + 2 * count + 3) {
    throw new Error('a JPEG scan header is broken');
  }
  const components: number[] = [];
  const dc: (HuffmanTable | undefined)[] = [];
  const ac: (HuffmanTable | undefined)[] = [];
  for (let i = 0; i < count; i++) {
    const index = frame.components.findIndex(({ id }) => id === data[1 + 2 * i]);
    if (index < 0 || components.includes(index)) throw new Error('a JPEG scan names a component that there is not');
    components.push(index);
    dc.push(tables.dc[data[2 + 2 * i] >> 4]);
    ac.push(tables.ac[data[2 + 2 * i] & 15]);
  }
  const quantisers = components.map((index) => tables.quantisers[frame.components[index].quantiser]);
  const { restart, intervals } = tables;
  return {
    components,
    dc,
    ac,
    quantisers,
    restart,
    intervals,
    first: data[1 + 2 * count],
    shift: data[3 + 2 * count] & 15,
  };
}

/** Bits from a place to the next marker that is no restart. */
function readIntervals(bytes: Uint8Array, from: number): { intervals: Uint8Array[]; next: number } {
  const intervals: Uint8Array[] = [];
  const out = new Uint8Array(bytes.length - from);
  let [at, to, begin] = [from, 0, 0];
  while (at < bytes.length) {
    const byte = bytes[at++];
    if (byte !== 0xff) out[to++] = byte;
    else {
      while (bytes[at] === 0xff) at++;
      const marker = bytes[at++] ?? 0xd9;
      if (marker === 0) out[to++] = 0xff;
      else {
        intervals.push(out.subarray(begin, to));
        begin = to;
        if (marker < 0xd0 || marker > 0xd7) return { intervals, next: at - 2 };
      }
    }
  }
  intervals.push(out.subarray(begin, to));
  return { intervals, next: bytes.length };
}

/** Codes of up to 8 bits are looked up in one step. */
const QUICK = 8;

/** A Huffman code of JPEG, for reading. */
export class HuffmanTable {
  /** For the next 8 bits: 256 × length + symbol, or 0. */
  readonly quick = new Uint16Array(1 << QUICK);
  /** Of each length: one past the last code, moved to 16 bits; and what added to a code gives the symbol's place. */
  readonly limits = new Int32Array(18);
  readonly bases = new Int32Array(17);
  readonly symbols: Uint8Array;

  constructor(counts: Uint8Array, symbols: Uint8Array) {
    this.symbols = symbols.slice();
    let code = 0;
    let place = 0;
    for (let length = 1; length <= 16; length++) {
      const count = counts[length - 1];
      if (code + count > 1 << length) throw new Error('a JPEG Huffman table holds more codes than there are');
      this.bases[length] = place - code;
      for (let i = 0; i < count && length <= QUICK; i++) {
        const first = (code + i) << (QUICK - length);
        this.quick.fill(256 * length + symbols[place + i], first, first + (1 << (QUICK - length)));
      }
      code += count;
      place += count;
      this.limits[length] = code << (16 - length);
      code <<= 1;
    }
  }
}

/** Reads the bits of one interval; beyond its end there are zeros, and {@link overrun} counts their bytes. */
export class BitReader {
  private at = 0;
  private bits = 0;
  private held = 0;
  /** Bytes that were asked for and not there. */
  overrun = 0;

  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  private fill(): void {
    while (this.held <= 16) {
      const byte = this.at < this.bytes.length ? this.bytes[this.at] : 0;
      if (this.at++ >= this.bytes.length) this.overrun++;
      this.bits = ((this.bits << 8) | byte) & 0x7fffffff;
      this.held += 8;
    }
  }

  /** The next symbol. */
  symbol(table: HuffmanTable): number {
    this.fill();
    const next = (this.bits >> (this.held - 16)) & 0xffff;
    const quick = table.quick[next >> (16 - QUICK)];
    if (quick) {
      this.held -= quick >> 8;
      return quick & 255;
    }
    for (let length = 1; length <= 16; length++) {
      if (next < table.limits[length]) {
        this.held -= length;
        return table.symbols[(next >> (16 - length)) + table.bases[length]];
      }
    }
    throw new Error('a JPEG stream holds a code that there is not');
  }

  /** A number of `count` bits (at most 16) in JPEG's code: those that begin with 0 are negative. */
  signed(count: number): number {
    if (count === 0) return 0;
    this.fill();
    this.held -= count;
    const value = (this.bits >> this.held) & ((1 << count) - 1);
    return value < 1 << (count - 1) ? value - (1 << count) + 1 : value;
  }
}
