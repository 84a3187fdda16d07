import { FusionclipError } from '../base/errors.ts';

/** Bytes per element of every element type the format knows and this program accepts. */
export const DTYPE_BYTES: ReadonlyMap<string, number> = new Map([
  ['F64', 8],
  ['I64', 8],
  ['F32', 4],
  ['I32', 4],
  ['F16', 2],
  ['BF16', 2],
  ['I16', 2],
  ['I8', 1],
  ['U8', 1],
  ['BOOL', 1],
]);

/** Types that the format knows, and that no tensor of a model read here has. */
const UNREAD_TYPES = /^(U16|U32|U64|C64|F8_\w+|F6_\w+|F4)$/;

/** The format's own limit for the JSON header, in bytes. */
export const MAX_HEADER_BYTES = 100_000_000;

const MAX_U64 = 2n ** 64n - 1n;
/** Extents leave this file as numbers. */
const MAX_EXTENT = BigInt(Number.MAX_SAFE_INTEGER);

/** Where one tensor lies: `offset` counts from the start of the file, `bytes` is its length. */
export interface TensorInfo {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly bytes: number;
}

/** What the header of a safetensors file says. */
export interface SafetensorsHeader {
  /** In the order of their data. A `Map`, because a tensor may be called `__proto__`. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** The failure of a file that is not what it should be; `advice` says what to do about it. */
export function badModel(name: string, what: string, advice = 'download the file again'): FusionclipError {
  return new FusionclipError('bad_model', `${name} is not a valid safetensors file: ${what}; ${advice}.`);
}

/**
 * Length of the JSON header.
 *
 * @param prefix the first 8 bytes of the file (fewer if the file is shorter)
 * @param size length of the whole file in bytes
 * @throws FusionclipError `bad_model` unless the header fits in the file and in {@link MAX_HEADER_BYTES}
 */
export function headerLength(prefix: Uint8Array, size: number, name: string): number {
  if (prefix.length < 8 || size < 8) throw badModel(name, `it has only ${size} bytes`);
  const view = new DataView(prefix.buffer, prefix.byteOffset, 8);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > MAX_HEADER_BYTES) throw badModel(name, `its header claims ${length} bytes`);
  if (8 + length > size) throw badModel(name, `its header of ${length} bytes ends behind the file of ${size} bytes`);
  return length;
}

/**
 * Reads the JSON header and checks every promise it makes: names are unique, each tensor's bytes are exactly what its
 * shape and type need, and the tensors tile the rest of the file without holes, overlaps or a tail.
 *
 * @param json the header without its 8-byte length
 * @param size length of the whole file in bytes
 * @throws FusionclipError `bad_model`
 */
export function parseHeader(json: Uint8Array, size: number, name: string): SafetensorsHeader {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json);
  } catch {
    throw badModel(name, 'its header is not UTF-8');
  }
  const tensors: [string, TensorInfo][] = [];
  const metadata = new Map<string, string>();
  const scan = new HeaderScanner(text, name);
  scan.object((key) => {
    if (key === '__metadata__') scan.object((entry) => metadata.set(entry, scan.string()));
    else tensors.push([key, tensorInfo(scan, key, BigInt(8 + json.length), BigInt(size), name)]);
  });
  scan.end();

  tensors.sort(([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes);
  let cursor = 8 + json.length;
  for (const [key, info] of tensors) {
    if (info.offset !== cursor) {
      const fault = info.offset < cursor ? 'overlaps the tensor before it' : 'leaves a hole before it';
      throw badModel(name, `tensor ${quote(key)} ${fault}`);
    }
    cursor += info.bytes;
  }
  if (cursor !== size) {
    throw badModel(name, `its tensors end at byte ${cursor}, the file has ${size} bytes`);
  }
  return { tensors: new Map(tensors), metadata };
}

/** A name as it may stand in a message: quoted, escaped, and never longer than a line. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}

function tensorInfo(scan: HeaderScanner, key: string, dataStart: bigint, fileSize: bigint, name: string): TensorInfo {
  let dtype: string | undefined;
  let shape: bigint[] | undefined;
  let span: bigint[] | undefined;
  scan.object((field) => {
    if (field === 'dtype') dtype = scan.string();
    else if (field === 'shape') shape = scan.integers();
    else if (field === 'data_offsets') span = scan.integers();
    else throw badModel(name, `tensor ${quote(key)} has the unknown field ${quote(field)}`);
  });
  if (dtype === undefined || shape === undefined || span?.length !== 2) {
    throw badModel(name, `tensor ${quote(key)} lacks dtype, shape or two data_offsets`);
  }
  if (UNREAD_TYPES.test(dtype)) {
    throw new FusionclipError(
      'bad_model',
      `${name} has ${quote(key)} as ${dtype}, which is not read here; take the model in float16, bfloat16 or float32.`,
    );
  }
  const width = DTYPE_BYTES.get(dtype);
  if (width === undefined) throw badModel(name, `tensor ${quote(key)} has the unknown type ${quote(dtype)}`);
  // The format counts in 64 bits, and a product that does not fit is a fault even when another extent is zero.
  let bytes = BigInt(width);
  for (const extent of shape) {
    bytes *= extent;
    if (bytes > MAX_U64 || extent > MAX_EXTENT) throw badModel(name, `the shape of tensor ${quote(key)} overflows`);
  }
  const [begin, end] = span;
  if (end - begin !== bytes) {
    throw badModel(name, `tensor ${quote(key)} needs ${bytes} bytes, its data_offsets span ${end - begin}`);
  }
  const offset = dataStart + begin;
  if (offset + bytes > fileSize) throw badModel(name, `tensor ${quote(key)} ends behind the file of ${fileSize} bytes`);
  return { dtype, shape: shape.map(Number), offset: Number(offset), bytes: Number(bytes) };
}

/**
 * A reader for just the JSON that a header may hold: objects, strings and lists of unsigned integers. `JSON.parse` would
 * silently keep the last of two equal keys and lose `__proto__`.
 */
class HeaderScanner {
  private at = 0;
  private readonly text: string;
  private readonly name: string;

  constructor(text: string, name: string) {
    this.text = text;
    this.name = name;
  }

  /** Calls `onKey` with every key, the position being at its value, which `onKey` must consume. */
  object(onKey: (key: string) => void): void {
    const seen = new Set<string>();
    this.sequence('{', '}', () => {
      const key = this.string();
      if (seen.has(key)) throw badModel(this.name, `its header has the key ${quote(key)} twice`);
      seen.add(key);
      if (!this.take(':')) this.fail();
      onKey(key);
    });
  }

  /** A list of unsigned integers below 2^64. */
  integers(): bigint[] {
    const out: bigint[] = [];
    this.sequence('[', ']', () => {
      this.space();
      const start = this.at;
      // 2^64 has 20 digits; a longer run would only be read to be refused.
      while (this.at - start <= 20 && isDigit(this.text.charCodeAt(this.at))) this.at++;
      const digits = this.text.slice(start, this.at);
      const value = digits === '' ? -1n : BigInt(digits);
      if (value < 0n || value > MAX_U64 || (digits.length > 1 && digits[0] === '0')) {
        this.at = start;
        this.fail();
      }
      out.push(value);
    });
    return out;
  }

  string(): string {
    this.space();
    const start = this.at;
    if (this.text[start] !== '"') this.fail();
    let end = start + 1;
    while (end < this.text.length && this.text[end] !== '"') end += this.text[end] === '\\' ? 2 : 1;
    try {
      const value: string = JSON.parse(this.text.slice(start, end + 1));
      if (/\p{Surrogate}/u.test(value)) this.fail();
      this.at = end + 1;
      return value;
    } catch {
      this.fail();
    }
  }

  /** Only white space may be left. */
  end(): void {
    this.space();
    if (this.at < this.text.length) this.fail();
  }

  private sequence(open: string, close: string, item: () => void): void {
    if (!this.take(open)) this.fail();
    if (this.take(close)) return;
    do item();
    while (this.take(','));
    if (!this.take(close)) this.fail();
  }

  private take(symbol: string): boolean {
    this.space();
    if (this.text[this.at] !== symbol) return false;
    this.at++;
    return true;
  }

  private space(): void {
    while (' \n\r\t'.includes(this.text[this.at] ?? '.')) this.at++;
  }

  private fail(): never {
    throw badModel(this.name, `its header is malformed at character ${this.at}`);
  }
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
