import type { Decoded } from './codecs/decoded.ts';
import type { DataSet } from './data_set.ts';
import { paletteColours } from './palette.ts';
import type { PixelFormat } from './pixel_format.ts';
import { UnreadDicom } from './unread.ts';

/**
 * RGB bytes of a frame in colours, or null for a grey one. Samples of more than 8 bits are scaled by the range that is stored.
 * Throws `UnreadDicom` for a colour model that is not read.
 */
export function rgbOf(
  { data, photometric }: Decoded,
  format: PixelFormat,
  dataSet: DataSet,
): Uint8Array<ArrayBuffer> | null {
  if (photometric === 'PALETTE COLOR') return paletteColours(data, dataSet, format.signed);
  if (format.samples === 1) {
    if (!photometric.startsWith('MONOCHROME'))
      throw new UnreadDicom(`one sample a pixel is not ${printable(photometric)}`);
    return null;
  }
  const bits = format.bitsStored;
  const bytes =
    bits === 8 ? Uint8Array.from(data) : Uint8Array.from(data, (v) => Math.round((v * 255) / (2 ** bits - 1)));
  switch (photometric) {
    case 'RGB':
      return bytes;
    case 'YBR_FULL':
    case 'YBR_FULL_422':
      return fullRange(bytes);
    case 'YBR_PARTIAL_422':
    case 'YBR_PARTIAL_420':
      return partialRange(bytes);
    default:
      throw new UnreadDicom(`colours as ${printable(photometric)} are not read`);
  }
}

/** What a file says where a code should be, if it looks like one. */
function printable(code: string): string {
  return /^[A-Z0-9_ ]{1,16}$/.test(code) ? code : 'another model';
}

/** Luma and chroma over the full range (ITU-R 601). */
function fullRange(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8ClampedArray(bytes.length); // rounds and clips
  for (let at = 0; at < out.length; at += 3) {
    const [y, cb, cr] = [bytes[at], bytes[at + 1] - 128, bytes[at + 2] - 128];
    out[at] = y + 1.402 * cr;
    out[at + 1] = y - 0.344136 * cb - 0.714136 * cr;
    out[at + 2] = y + 1.772 * cb;
  }
  return new Uint8Array(out.buffer);
}

/** Luma from 16 to 235 and chroma from 16 to 240. */
function partialRange(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8ClampedArray(bytes.length);
  for (let at = 0; at < out.length; at += 3) {
    const [y, cb, cr] = [1.1644 * (bytes[at] - 16), bytes[at + 1] - 128, bytes[at + 2] - 128];
    out[at] = y + 1.596 * cr;
    out[at + 1] = y - 0.3917 * cb - 0.8129 * cr;
    out[at + 2] = y + 2.0173 * cb;
  }
  return new Uint8Array(out.buffer);
}
