import { joined, swapBytes } from '../base/bytes.ts';
import type { DataSet, Element } from './data_set.ts';
import { halvesChroma } from './frames.ts';
import type { PixelFormat } from './pixel_format.ts';
import { blankJpeg2000Comments, blankJpegComments } from './stream_comments.ts';

/** Pixels without what else was in their element. */
export interface CleanPixels {
  readonly value: Uint8Array;
  /** Whether a stream was met that is not understood, so that it may hold comments. */
  readonly unsearched: boolean;
}

/**
 * A copy of an element of pixels with nothing but these: bits that hold no part of a sample are as its sign (old overlays lie there), bytes
 * behind the last frame are cut off, and comments in packed streams are zeros. Pictures are the same.
 * @param format null where it is of a kind that is not read: all stays as it is
 */
export function cleanPixels(element: Element, dataSet: DataSet, format: PixelFormat | null): CleanPixels {
  const value = dataSet.value(element).slice();
  if (!format) return { value, unsearched: true };
  if (!element.fragments) return { value: cleanWords(value, format), unsearched: false };
  const [table, ...parts] = element.fragments;
  const { frames, syntax } = format;
  const { packing } = syntax;
  if (packing === 'rle' || packing === 'native' || !table) return { value, unsearched: packing !== 'rle' };
  // A stream may be cut into parts anywhere.
  const all = joined(parts.map((part) => dataSet.value(part)));
  const understood = packing === 'jpeg-2000' ? blankJpeg2000Comments(all, frames) : blankJpegComments(all, frames);
  let from = 0;
  for (const { at, length } of parts) {
    value.set(all.subarray(from, from + length), at - element.at);
    from += length;
  }
  return { value, unsearched: !understood };
}

function cleanWords(value: Uint8Array, format: PixelFormat): Uint8Array {
  const { rows, columns, frames, samples, bitsAllocated, bitsStored, highBit, signed, syntax } = format;
  const bits = frames * rows * columns * (halvesChroma(format) ? 2 : samples) * bitsAllocated;
  const own = value.subarray(0, Math.min(value.length, 2 * Math.ceil(bits / 16)));
  if (bits % 16 > 0 && own.length === 2 * Math.ceil(bits / 16)) {
    // The odd byte at the end, and the bits of a last byte that is not full.
    const last = Math.floor(bits / 8);
    if (bits % 8 > 0) own[last] &= (1 << (bits % 8)) - 1;
    own.fill(0, Math.ceil(bits / 8));
  }
  if (bitsStored === bitsAllocated || bitsAllocated === 1) return own;
  const size = bitsAllocated / 8;
  if (syntax.bigEndian) swapBytes(own, size);
  const words = new { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }[size as 1 | 2 | 4](
    own.buffer as ArrayBuffer,
    own.byteOffset,
    Math.floor(own.length / size),
  );
  const low = highBit + 1 - bitsStored;
  for (let i = 0; i < words.length; i++) {
    const moved = words[i] << (31 - highBit);
    const stored = signed ? moved >> (32 - bitsStored) : moved >>> (32 - bitsStored);
    words[i] = stored << low;
  }
  if (syntax.bigEndian) swapBytes(own, size);
  return own;
}
