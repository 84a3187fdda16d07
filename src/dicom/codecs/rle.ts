import type { PixelFormat } from '../pixel_format.ts';
import { interleaved, type Samples, samplesOf } from '../unpack.ts';

/**
 * A frame of DICOM's RLE: one segment for each byte of each sample, the highest byte first, each packed as PackBits does it.
 * Throws an `Error` when a segment ends before its pixels are there.
 */
export function decodeRle(bytes: Uint8Array, format: PixelFormat): Samples {
  const { rows, columns, samples, bitsAllocated, signed } = format;
  const pixels = rows * columns;
  const width = Math.max(1, bitsAllocated / 8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 64) throw new Error('an RLE frame is cut short');
  const count = view.getUint32(0, true);
  if (count !== samples * width) throw new Error(`an RLE frame has ${count} segments, not ${samples * width}`);
  const out = samplesOf(bitsAllocated, signed, pixels * samples);
  const raw = new Uint8Array(out.buffer);
  for (let s = 0; s < count; s++) {
    const from = view.getUint32(4 + 4 * s, true);
    const to = s + 1 < count ? view.getUint32(8 + 4 * s, true) : bytes.length;
    if (from < 64 || from > to || to > bytes.length) throw new Error('the segments of an RLE frame lie outside of it');
    // Samples are planes here; within one, segment 0 holds the highest byte, which lies last in memory.
    const sample = Math.floor(s / width);
    const byte = width - 1 - (s % width);
    unpack(bytes.subarray(from, to), raw, sample * pixels * width + byte, width, pixels);
  }
  return samples > 1 ? interleaved(out, samples) : out;
}

function unpack(packed: Uint8Array, out: Uint8Array, first: number, step: number, count: number): void {
  let at = 0;
  let to = first;
  const end = first + count * step;
  while (to < end) {
    if (at >= packed.length) throw new Error('an RLE segment is cut short');
    const control = packed[at++];
    if (control < 128) {
      for (let i = 0; i <= control && to < end; i++, to += step) {
        if (at >= packed.length) throw new Error('an RLE segment is cut short');
        out[to] = packed[at++];
      }
    } else if (control > 128) {
      if (at >= packed.length) throw new Error('an RLE segment is cut short');
      const value = packed[at++];
      for (let i = 257 - control; i > 0 && to < end; i--, to += step) out[to] = value;
    }
  }
}
