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
  if (bitsAllocated <= 8) return signed ? new Int8Array(length) : new Uint8Array(length);
  if (bitsAllocated <= 16) return signed ? new Int16Array(length) : new Uint16Array(length);
  return signed ? new Int32Array(length) : new Uint32Array(length);
}

/**
 * The samples of an uncompressed frame, colours pixel by pixel: read in their byte order, taken from their bits (what lies
 * above the high bit or below the lowest, overlays for one, is left out), and with their sign. Chroma that pairs of pixels
 * share is repeated.
 * @param bytes what `FrameReader.read` gives for frame `index`
 */
export function unpackFrame(bytes: Uint8Array, format: PixelFormat, index: number): Samples {
  const { rows, columns, samples, bitsAllocated, syntax } = format;
  const pixels = rows * columns;
  if (format.float) return floats(bytes, pixels * samples, bitsAllocated, syntax.bigEndian);
  if (bitsAllocated === 1) return bits(bytes, pixels, (index * pixels) % 8);
  const halved = halvesChroma(format);
  const words = wordsOf(bytes, pixels * (halved ? 2 : samples), format);
  clipBits(words, format);
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

function wordsOf(bytes: Uint8Array, length: number, { bitsAllocated, signed, syntax }: PixelFormat): Samples {
  const out = samplesOf(bitsAllocated, signed, length);
  const raw = new Uint8Array(out.buffer);
  raw.set(bytes.subarray(0, raw.length));
  if (syntax.bigEndian && bitsAllocated > 8) swapBytes(raw, bitsAllocated / 8);
  return out;
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
