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
 * The modality values of a frame that {@link isShort} in one pass, which looks for bits that are not stored and adds the intercept;
 * null where there are such bits, or where values are not whole numbers of 16 bits.
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
  if (intercept === 0 && bitsStored === 16) return { values: stored, padded };
  // Where nothing is added, the same numbers are written again.
  const inPlace = over || intercept === 0;
  const sums = inPlace ? stored : laidAs(stored);
  if (add(stored, intercept, sums) >>> bitsStored !== 0) {
    if (inPlace) add(sums, -intercept, sums);
    return null;
  }
  return { values: new kind(sums.buffer, sums.byteOffset, length), padded };
}

/** An array in which pairs begin at the same places. */
function laidAs({ byteOffset, length }: Shorts): Uint16Array<ArrayBuffer> {
  const at = byteOffset & 2;
  return new Uint16Array(new ArrayBuffer(at + 2 * length), at, length);
}

/**
 * Adds a whole number to numbers of 16 bits, two at a time, into `out`, which may be the same array. Gives the bits that any of them
 * has, those of a negative one without the copies of its sign.
 */
function add(numbers: Shorts, summand: number, out: Shorts): number {
  const odd = Math.min(numbers.length, (numbers.byteOffset >> 1) & 1);
  const words = pairs(numbers, odd);
  const sums = pairs(out, odd);
  const both = (summand & 0xffff) * 0x10001;
  const low = both & 0x7fff7fff;
  // A number's bits from the sign on are the same where each is that of the bit below it.
  const signs = numbers instanceof Int16Array ? -1 : 0;
  let any = 0;
  // The highest bit of each half is added by itself, so that nothing is carried from one half to the other.
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    any |= word ^ ((word << 1) & signs);
    sums[i] = (((word & 0x7fff7fff) + low) | 0) ^ ((word ^ both) & 0x80008000);
  }
  any |= any >>> 16;
  const alone = (i: number) => {
    any |= numbers[i] ^ ((numbers[i] << 1) & signs);
    out[i] = numbers[i] + summand;
  };
  for (let i = 0; i < odd; i++) alone(i);
  for (let i = odd + 2 * words.length; i < numbers.length; i++) alone(i);
  return any & 0xffff;
}

/** Pairs of numbers as words of 32 bits, which begin at every fourth byte. */
function pairs({ buffer, byteOffset, length }: Shorts, odd: number): Uint32Array<ArrayBuffer> {
  const count = (length - odd) >> 1;
  // A view of nothing may not begin behind the end.
  return count > 0 ? new Uint32Array(buffer, byteOffset + 2 * odd, count) : new Uint32Array(0);
}
