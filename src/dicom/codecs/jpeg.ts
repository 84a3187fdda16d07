import { coloursOf, greyOf } from '../../data/jpeg/colours.ts';
import { decodeFrame } from '../../data/jpeg/segments.ts';
import type { PixelFormat } from '../pixel_format.ts';
import { type Decoded, intoFormat } from './decoded.ts';
import { decodeDct } from './jpeg_dct.ts';
import { decodeLossless } from './jpeg_lossless.ts';
import { readJpegStream } from './jpeg_stream.ts';

/**
 * A frame of JPEG baseline, extended (8 and 12 bits) or lossless. Luma and chroma become RGB where the stream says so, by its
 * Adobe marker or the names of its components, else by the header of the file.
 * Throws an `Error` where the stream is broken, or not of the size that its file says.
 */
export function decodeJpegFrame(bytes: Uint8Array, format: PixelFormat): Decoded {
  const { rows, columns, samples } = format;
  const stream = readJpegStream(bytes, rows * columns * samples);
  const { frame, adobe } = stream;
  if (frame.width !== columns || frame.height !== rows || frame.components.length !== samples) {
    const found = `${frame.width}×${frame.height}×${frame.components.length}`;
    throw new Error(`a JPEG stream has ${found} samples, its file says ${columns}×${rows}×${samples}`);
  }
  const into = (data: Uint16Array<ArrayBuffer>) => intoFormat(data, frame.precision, format);
  if (frame.kind === 0xc3) return { data: into(decodeLossless(stream)), photometric: format.photometric };
  if (frame.precision > 8) return { data: into(decodeDct(stream)), photometric: format.photometric };
  const picture = decodeFrame(bytes);
  if (samples !== 3) return { data: into(Uint16Array.from(greyOf(picture))), photometric: format.photometric };
  const named = String.fromCharCode(...frame.components.map(({ id }) => id)) === 'RGB';
  // A file may call RGB what its stream subsamples, and so is luma and chroma all the same.
  const whole = new Set(picture.components.map(({ across, down }) => `${across} ${down}`)).size === 1;
  const plain = adobe === null ? named || (whole && format.photometric === 'RGB') : adobe === 0;
  return { data: coloursOf(picture, plain), photometric: 'RGB' };
}
