import { yccToRgb } from '../../data/chroma.ts';
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
  const lossless = frame.kind === 0xc3;
  const planes = lossless ? { data: decodeLossless(stream), across: 1, down: 1 } : decodeDct(stream);
  if (samples === 3 && !lossless && frame.precision === 8) {
    const named = String.fromCharCode(...frame.components.map(({ id }) => id)) === 'RGB';
    // A file may call RGB what its stream subsamples, and so is luma and chroma all the same.
    const whole = planes.across === 1 && planes.down === 1;
    const rgb = adobe === null ? named || (whole && format.photometric === 'RGB') : adobe === 0;
    const data = Uint8Array.from(planes.data);
    if (rgb) return { data, photometric: 'RGB' };
    return { data: yccToRgb({ ...planes, width: columns, height: rows, data }).slice(), photometric: 'RGB' };
  }
  return { data: intoFormat(planes.data, frame.precision, format), photometric: format.photometric };
}
