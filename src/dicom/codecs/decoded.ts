import type { PixelFormat } from '../pixel_format.ts';
import { clipBits, type Samples, samplesOf } from '../unpack.ts';

/** A frame as its codec gives it. */
export interface Decoded {
  /** Colours pixel by pixel. */
  readonly data: Samples;
  /** What the samples are now: some codecs undo a colour transform. */
  readonly photometric: string;
}

/**
 * Words of `precision` bits that a codec without signs gave, as the numbers that their file means: the stored bits with their
 * sign, or all bits where the stream has fewer than the file says.
 */
export function intoFormat(words: ArrayLike<number>, precision: number, format: PixelFormat): Samples {
  const { signed, bitsAllocated } = format;
  const out = samplesOf(Math.max(bitsAllocated, precision), signed, words.length);
  out.set(words);
  if (precision > format.highBit) clipBits(out, format);
  else if (signed) for (let i = 0; i < out.length; i++) out[i] = (out[i] << (32 - precision)) >> (32 - precision);
  return out;
}

/** Whether a stream of the JPEG family has its end mark, which packed bits cannot look like. */
export function hasEnd(bytes: Uint8Array): boolean {
  for (let at = bytes.length - 2; at > 0; at--) if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
  return false;
}
