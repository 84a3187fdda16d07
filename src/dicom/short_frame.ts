import type { FrameValues } from './frame_facts.ts';
import { inPadding } from './modality.ts';
import type { PixelFormat } from './pixel_format.ts';

/** Numbers of 16 bits, with a sign or without. */
type Shorts = Uint16Array<ArrayBuffer> | Int16Array<ArrayBuffer>;

/** Modality values of a frame, and where there is no picture, as `DicomFrame` has them. */
interface ShortFrame {
  readonly values: Shorts;
  readonly padded: Uint8Array<ArrayBuffer> | null;
}

/** Whether a frame is of the commonest kind: uncompressed grey numbers of 16 bits, the lowest ones stored, in the order of this machine's bytes. */
export function isShort({
  photometric,
  samples,
  bitsAllocated,
  bitsStored,
  highBit,
  float,
  syntax,
}: PixelFormat): boolean {
  const plain = bitsAllocated === 16 && highBit === bitsStored - 1 && !float;
  return (
    plain && samples === 1 && photometric.startsWith('MONOCHROME') && syntax.packing === 'native' && !syntax.bigEndian
  );
}

/**
 * The modality values of a frame that {@link isShort}: one pass looks for bits that are not stored, one adds the intercept. Null where there are
 * such bits, or where values are not whole numbers of 16 bits.
 * @param over whether values may be written over `bytes`
 */
export function shortFrame(
  bytes: Uint8Array,
  { rows, columns, bitsStored, signed }: PixelFormat,
  { modality, padding }: Pick<FrameValues, 'modality' | 'padding'>,
  over: boolean,
): ShortFrame | null {
  if ('lut' in modality || modality.slope !== 1 || bytes.byteOffset % 2 !== 0) return null;
  const { intercept } = modality;
  const low = intercept - (signed ? 2 ** (bitsStored - 1) : 0);
  const high = low + 2 ** bitsStored - 1;
  const kind = low >= -0x8000 && high < 0x8000 ? Int16Array : low >= 0 && high < 0x10000 ? Uint16Array : null;
  if (!kind || !Number.isInteger(intercept)) return null;
  const length = rows * columns;
  const stored = new (signed ? Int16Array : Uint16Array)(bytes.buffer as ArrayBuffer, bytes.byteOffset, length);
  const padded = padding && inPadding(stored, padding);
  if (bitsStored < 16 && bitsOf(stored) >>> bitsStored !== 0) return null;
  if (intercept === 0) return { values: new kind(stored.buffer, stored.byteOffset, length), padded };
  const sums = over ? stored : laidAs(stored);
  add(stored, intercept, sums);
  return { values: new kind(sums.buffer, sums.byteOffset, length), padded };
}

/** An array in which fours begin at the same places. */
function laidAs({ byteOffset, length }: Shorts): Uint16Array<ArrayBuffer> {
  const at = byteOffset & 2;
  return new Uint16Array(new ArrayBuffer(at + 2 * length), at, length);
}

/** The bits that any number has; of a negative one without the copies of its sign. */
function bitsOf(numbers: Shorts): number {
  const { words, rest } = pairs(numbers);
  let any = 0;
  if (numbers instanceof Int16Array) {
    // From the sign on the bits of a number are the same where each is that of the bit below it.
    const changes = (word: number) => word ^ (word << 1);
    for (let i = 0; i < words.length; i += 2) any |= changes(words[i]) | changes(words[i + 1]);
    for (const i of rest) any |= changes(numbers[i]);
  } else {
    for (let i = 0; i < words.length; i += 4) any |= words[i] | words[i + 1] | words[i + 2] | words[i + 3];
    for (const i of rest) any |= numbers[i];
  }
  return (any | (any >>> 16)) & 0xffff;
}

/** Adds a whole number to numbers of 16 bits, into `out`, which may be the same array. */
function add(numbers: Shorts, summand: number, out: Shorts): void {
  const { words, rest } = pairs(numbers);
  const sums = pairs(out).words;
  // The highest bit of each half is added by itself, so that nothing is carried from one half to the other.
  const both = ((summand & 0xffff) * 0x10001) | 0;
  const low = both & 0x7fff7fff;
  const plus = (word: number) => (((word & 0x7fff7fff) + low) | 0) ^ ((word ^ both) & 0x80008000);
  for (let i = 0; i < words.length; i += 4) {
    sums[i] = plus(words[i]);
    sums[i + 1] = plus(words[i + 1]);
    sums[i + 2] = plus(words[i + 2]);
    sums[i + 3] = plus(words[i + 3]);
  }
  for (const i of rest) out[i] = numbers[i] + summand;
}

/**
 * Pairs of numbers as words of 32 bits, which begin at every fourth byte, and the numbers in none. Their count is one of four: engines make up to
 * three times as much of a loop that takes four at a time as of one that takes each.
 */
function pairs({ buffer, byteOffset, length }: Shorts): { words: Int32Array<ArrayBuffer>; rest: readonly number[] } {
  const odd = Math.min(length, (byteOffset >> 1) & 1);
  const count = ((length - odd) >> 1) & ~3;
  const rest: number[] = odd ? [0] : [];
  for (let i = odd + 2 * count; i < length; i++) rest.push(i);
  // A view of nothing may not begin behind the end.
  return { words: count > 0 ? new Int32Array(buffer, byteOffset + 2 * odd, count) : new Int32Array(0), rest };
}
