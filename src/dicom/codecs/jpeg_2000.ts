import type { PixelFormat } from '../pixel_format.ts';
import { samplesOf } from '../unpack.ts';
import { type Decoded, hasEnd, intoFormat } from './decoded.ts';
import { WasmCodec, type WasmDecoder } from './emscripten.ts';

const openJpeg = new WasmCodec<WasmDecoder>(
  'J2KDecoder',
  () => import('./openjpeg_wasm.gen.ts'),
  () => import('./openjpeg_js.gen.ts'),
);

/** What the header of a code stream says. */
interface Size {
  readonly width: number;
  readonly height: number;
  readonly precision: number;
  readonly signed: boolean;
  /** Whether red, green and blue were made into other components, which the codec undoes. */
  readonly transformed: boolean;
}

/**
 * A frame of JPEG 2000 or HTJ2K, by OpenJPEG. Throws an `Error` where the stream is broken, or not of the size that its file
 * says: a codec would take the memory that a broken header asks for.
 */
export async function decodeJpeg2000(bytes: Uint8Array, format: PixelFormat): Promise<Decoded> {
  const stream = codeStream(bytes);
  const size = readSize(stream, format);
  // A codec makes a coarser picture of a part, and says nothing.
  if (!hasEnd(stream)) throw new Error('a JPEG 2000 stream is cut short');
  const { rows, columns, samples, photometric } = format;
  const length = rows * columns * samples;
  const data = await openJpeg.run(stream, (decoder, output) => {
    const info = decoder.getFrameInfo();
    const bytesEach = size.precision > 8 ? 2 : 1;
    if (info.width !== columns || info.height !== rows || output.length < length * bytesEach) {
      throw new Error('the codec gave another size');
    }
    const raw = output.slice(0, length * bytesEach);
    return bytesEach === 1 ? raw : new Uint16Array(raw.buffer);
  });
  const rgb = samples === 3 && (size.transformed || /^YBR_(RCT|ICT)$/.test(photometric));
  const stated = rgb ? 'RGB' : photometric;
  if (size.signed === format.signed || size.precision <= format.highBit) {
    // The stream knows the sign of its samples better than the file: some programs forget to write it there.
    const out = samplesOf(Math.max(format.bitsAllocated, size.precision), format.signed, length);
    const up = 32 - size.precision;
    for (let i = 0; i < length; i++) out[i] = size.signed ? (data[i] << up) >> up : data[i];
    return { data: out, photometric: stated };
  }
  return { data: intoFormat(data, size.precision, format), photometric: stated };
}

/** The code stream of a JP2 file, which DICOM forbids and some programs write. */
function codeStream(bytes: Uint8Array): Uint8Array {
  if (bytes[0] === 0xff && bytes[1] === 0x4f) return bytes;
  for (let at = 0; at + 10 < Math.min(bytes.length, 4096); at++) {
    if (
      String.fromCharCode(...bytes.subarray(at, at + 4)) === 'jp2c' &&
      bytes[at + 4] === 0xff &&
      bytes[at + 5] === 0x4f
    ) {
      return bytes.subarray(at + 4);
    }
  }
  throw new Error('a frame does not begin as JPEG 2000');
}

function readSize(bytes: Uint8Array, format: PixelFormat): Size {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = bytes.length > 42 ? view.getUint16(40) : 0;
  if (view.byteLength < 42 + 3 * count || view.getUint16(2) !== 0xff51) throw new Error('a JPEG 2000 header is broken');
  const [right, bottom, left, top] = [8, 12, 16, 20].map((at) => view.getUint32(at));
  const [tileWidth, tileHeight] = [view.getUint32(24), view.getUint32(28)];
  const [width, height] = [right - left, bottom - top];
  if (width !== format.columns || height !== format.rows || count !== format.samples) {
    const said = `${format.columns}×${format.rows}×${format.samples}`;
    throw new Error(`a JPEG 2000 stream has ${width}×${height}×${count} samples, its file says ${said}`);
  }
  const tiles = Math.ceil(right / tileWidth) * Math.ceil(bottom / tileHeight);
  if (!(tiles <= 65535)) throw new Error('a JPEG 2000 stream has too many tiles');
  const depth = view.getUint8(42);
  for (let c = 0; c < count; c++) {
    if (view.getUint8(42 + 3 * c) !== depth)
      throw new Error('the components of a JPEG 2000 stream have different depths');
    // The codec's answer would hold only the first component in its right place.
    if (view.getUint8(43 + 3 * c) !== 1 || view.getUint8(44 + 3 * c) !== 1) {
      throw new Error('a JPEG 2000 stream has components of different sizes');
    }
  }
  const precision = (depth & 127) + 1;
  if (precision > 16) throw new Error(`a JPEG 2000 stream has ${precision} bits a sample`);
  return { width, height, precision, signed: depth > 127, transformed: readsTransform(bytes, 42 + 3 * count) };
}

/** Whether the coding style names the transform of three components. */
function readsTransform(bytes: Uint8Array, from: number): boolean {
  for (let at = from; at + 10 < bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0x90; ) {
    if (bytes[at + 1] === 0x52) return bytes[at + 8] === 1;
    at += 2 + ((bytes[at + 2] << 8) | bytes[at + 3]);
  }
  return false;
}
