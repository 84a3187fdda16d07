import { swapBytes } from '../base/bytes.ts';
import { halvesChroma } from './frames.ts';
import type { PixelFormat } from './pixel_format.ts';

/** Stored values, as numbers. */
export type Samples =
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/** An array for the samples of a format. */
export function samplesOf(bitsAllocated: number, signed: boolean, length: number): Samples {
  return new (arrayOf(bitsAllocated, signed))(length);
}

function arrayOf(bitsAllocated: number, signed: boolean) {
  if (bitsAllocated <= 8) return signed ? Int8Array : Uint8Array;
  if (bitsAllocated <= 16) return signed ? Int16Array : Uint16Array;
  return signed ? Int32Array : Uint32Array;
}

/**
 * The samples of an uncompressed frame, colours pixel by pixel: read in their byte order, taken from their bits (what lies
 * above the high bit or below the lowest, overlays for one, is left out), and with their sign. Chroma that pairs of pixels
 * share is repeated. Where they are numbers as they lie there, the array is a view of `bytes`: it is to be read only.
 * @param bytes what `FrameReader.read` gives for frame `index`
 */
export function unpackFrame(bytes: Uint8Array, format: PixelFormat, index: number): Samples {
  const { rows, columns, samples, bitsAllocated, syntax } = format;
  const pixels = rows * columns;
  if (format.float) return floats(bytes, pixels * samples, bitsAllocated, syntax.bigEndian);
  if (bitsAllocated === 1) return bits(bytes, pixels, (index * pixels) % 8);
  const halved = halvesChroma(format);
  const words = wordsOf(bytes, pixels * (halved ? 2 : samples), format);
  if (halved) return repeatedChroma(words, pixels);
  return format.planar ? interleaved(words, samples) : words;
}

/** Leaves of each sample the stored bits, with their sign, in place. */
export function clipBits(words: Samples, { bitsAllocated, bitsStored, highBit, signed }: PixelFormat): void {
  if (bitsStored === bitsAllocated) return;
  const up = 31 - highBit;
  const down = 32 - bitsStored;
  if (signed) for (let i = 0; i < words.length; i++) words[i] = (words[i] << up) >> down;
  else for (let i = 0; i < words.length; i++) words[i] = (words[i] << up) >>> down;
}

/** Planes one after the other become pixels one after the other. */
export function interleaved(planes: Samples, samples: number): Samples {
  const out = planes.slice();
  for (let c = 0, from = 0; c < samples; c++) {
    for (let to = c; to < out.length; to += samples) out[to] = planes[from++];
  }
  return out;
}

function wordsOf(bytes: Uint8Array, length: number, format: PixelFormat): Samples {
  const { bitsAllocated, signed, syntax } = format;
  const size = bitsAllocated / 8;
  const swapped = syntax.bigEndian && size > 1;
  const asTheyLie = !swapped && bytes.byteOffset % size === 0;
  const raw = asTheyLie ? bytes : bytes.slice(0, length * size);
  if (swapped) swapBytes(raw, size);
  const words = new (arrayOf(bitsAllocated, signed))(raw.buffer as ArrayBuffer, raw.byteOffset, length);
  if (!hasMore(words, format)) return words;
  const out = words.slice();
  clipBits(out, format);
  return out;
}

/** Whether words hold more than their stored bits with their sign. */
function hasMore(words: Samples, { bitsAllocated, bitsStored, highBit, signed }: PixelFormat): boolean {
  if (bitsStored === bitsAllocated) return false;
  if (highBit >= bitsStored) return true;
  const unused = 32 - bitsStored;
  let more = 0;
  if (signed) for (let i = 0; i < words.length; i++) more |= words[i] ^ ((words[i] << unused) >> unused);
  else for (let i = 0; i < words.length; i++) more |= words[i] ^ ((words[i] << unused) >>> unused);
  return more !== 0;
}

function floats(bytes: Uint8Array, length: number, bitsAllocated: number, bigEndian: boolean): Samples {
  const raw = bytes.slice(0, (length * bitsAllocated) / 8);
  if (bigEndian) swapBytes(raw, bitsAllocated / 8);
  return bitsAllocated === 64 ? new Float64Array(raw.buffer) : new Float32Array(raw.buffer);
}

/** Bits of a frame, the lowest of a byte first; a frame may begin within a byte. */
function bits(bytes: Uint8Array, pixels: number, first: number): Samples {
  const out = new Uint8Array(pixels);
  for (let i = 0, bit = first; i < pixels; i++, bit++) out[i] = (bytes[bit >> 3] >> (bit & 7)) & 1;
  return out;
}

function repeatedChroma(words: Samples, pixels: number): Samples {
  const out = samplesOf(8 * words.BYTES_PER_ELEMENT, false, 3 * pixels);
  for (let i = 0, from = 0, to = 0; i < pixels; i += 2, from += 4) {
    for (let k = 0; k < 2 && i + k < pixels; k++, to += 3) {
      out[to] = words[from + k];
      out[to + 1] = words[from + 2];
      out[to + 2] = words[from + 3];
    }
  }
  return out;
}
