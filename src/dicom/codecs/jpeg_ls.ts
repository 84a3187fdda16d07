import type { PixelFormat } from '../pixel_format.ts';
import { interleaved } from '../unpack.ts';
import { type Decoded, hasEnd, intoFormat } from './decoded.ts';
import { WasmCodec, type WasmDecoder } from './emscripten.ts';

const charls = new WasmCodec<WasmDecoder & { getInterleaveMode(): number }>(
  'JpegLSDecoder',
  () => import('./charls_wasm.gen.ts'),
  () => import('./charls_js.gen.ts'),
);

/**
 * A frame of JPEG-LS, lossless or nearly, by CharLS. Throws an `Error` where the stream is broken, or not of the size that its
 * file says: a codec would take the memory that a broken header asks for.
 */
export async function decodeJpegLs(bytes: Uint8Array, format: PixelFormat): Promise<Decoded> {
  const { rows, columns, samples, photometric } = format;
  const precision = checkedPrecision(bytes, format);
  // The codec would look for what is missing without end.
  if (!hasEnd(bytes)) throw new Error('a JPEG-LS stream is cut short');
  const length = rows * columns * samples;
  const words = await charls.run(bytes, (decoder, output) => {
    const bytesEach = precision > 8 ? 2 : 1;
    if (output.length < length * bytesEach) throw new Error('the codec gave another size');
    const raw = output.slice(0, length * bytesEach);
    const data = bytesEach === 1 ? raw : new Uint16Array(raw.buffer);
    // Without interleaving, the codec gives one plane after the other.
    return samples > 1 && decoder.getInterleaveMode() === 0 ? interleaved(data, samples) : data;
  });
  return { data: intoFormat(words, precision, format), photometric };
}

/** Bits of a sample, after the size has been held against the file's. */
function checkedPrecision(bytes: Uint8Array, { rows, columns, samples }: PixelFormat): number {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw new Error('a frame does not begin as JPEG-LS');
  for (let at = 2; at + 10 <= bytes.length && bytes[at] === 0xff; ) {
    const length = (bytes[at + 2] << 8) | bytes[at + 3];
    if (bytes[at + 1] === 0xf7) {
      const height = (bytes[at + 5] << 8) | bytes[at + 6];
      const width = (bytes[at + 7] << 8) | bytes[at + 8];
      if (width !== columns || height !== rows || bytes[at + 9] !== samples) {
        const said = `${columns}×${rows}×${samples}`;
        throw new Error(`a JPEG-LS stream has ${width}×${height}×${bytes[at + 9]} samples, its file says ${said}`);
      }
      if (bytes[at + 4] < 2 || bytes[at + 4] > 16)
        throw new Error(`a JPEG-LS stream has ${bytes[at + 4]} bits a sample`);
      return bytes[at + 4];
    }
    if (bytes[at + 1] === 0xda || length < 2) break;
    at += 2 + length;
  }
  throw new Error('a JPEG-LS stream has no header');
}
