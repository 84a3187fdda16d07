import { type DecodedPng, decode, encode } from 'fast-png';
import type { Image, Raster } from './image.ts';
import { tooLarge, UnreadPicture } from './unread.ts';

/** What a PNG file says about its picture, checked before any pixel is decoded. */
interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits per sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  /** PNG's colour type: 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA. */
  readonly type: number;
}

/** Depths and samples a pixel of each colour type. */
const TYPES: Readonly<Record<number, { depths: readonly number[]; samples: number }>> = {
  0: { depths: [1, 2, 4, 8, 16], samples: 1 },
  2: { depths: [8, 16], samples: 3 },
  3: { depths: [1, 2, 4, 8], samples: 1 },
  4: { depths: [8, 16], samples: 2 },
  6: { depths: [8, 16], samples: 4 },
};

/** Chunks that make up the picture. Text, gamma, profiles and transparency do not: Pillow's `convert` ignores them too. */
const PICTURE = ['IHDR', 'PLTE', 'IDAT', 'IEND'];

/**
 * The picture of a PNG file as Pillow's `convert` sees it, with all bits of its samples.
 *
 * * 1, 2 and 4 bits of grey are spread over 0…255; a palette becomes RGB and its transparency is dropped, or with `mask`
 *   becomes alpha.
 * * Grey with alpha becomes RGBA with equal colours: resizing it and dropping alpha gives what Pillow's `LA` gives.
 * * Gamma and colour profiles do not count.
 *
 * Throws an `Error` that says what is wrong; `maxPixels` is checked before anything is allocated.
 */
export function decodePng(bytes: Uint8Array, maxPixels: number, mask = false): Raster {
  const { header, file, transparency } = readPngPicture(bytes, maxPixels);
  const decoded = decode(file, { checkCrc: true });
  const { width, height, type, depth } = header;
  const samples = samplesOf(decoded, header);
  if (type === 3) {
    const indices = samples as Uint8Array;
    const data = colours(indices, decoded.palette ?? []);
    if (!mask || transparency === null) return { width, height, channels: 3, data, bits: 8 };
    return { width, height, channels: 4, data: withAlpha(data, indices, transparency), bits: 8 };
  }
  if (type === 4) return { width, height, channels: 4, data: greyToRgba(samples), bits: depth };
  return { width, height, channels: type === 0 ? 1 : type === 2 ? 3 : 4, data: samples, bits: depth };
}

/** Pairs of grey and alpha as RGBA. */
export function greyToRgba<T extends Raster['data']>(pairs: T): T {
  const out = new (pairs.constructor as new (length: number) => T)(2 * pairs.length);
  for (let i = 0, to = 0; i < pairs.length; i += 2, to += 4) {
    out.fill(pairs[i], to, to + 3);
    out[to + 3] = pairs[i + 1];
  }
  return out;
}

/** Palette indices, or samples; those of less than 8 bits of grey are spread over 0…255. */
function samplesOf(png: DecodedPng, { width, height, depth, type }: PngHeader): Uint8Array<ArrayBuffer> | Uint16Array {
  const { data } = png;
  if (depth === 8) return new Uint8Array(data);
  if (depth === 16) return Uint16Array.from(data);
  const out = new Uint8Array(width * height);
  const mask = (1 << depth) - 1;
  const scale = type === 3 ? 1 : 255 / mask;
  // fast-png leaves samples of less than a byte packed; each row begins on a byte.
  const stride = Math.ceil((width * depth) / 8);
  for (let y = 0; y < height; y++) {
    for (let x = 0, at = 0; x < width; x++, at += depth) {
      out[y * width + x] = ((data[y * stride + (at >> 3)] >> (8 - depth - (at & 7))) & mask) * scale;
    }
  }
  return out;
}

function colours(indices: Uint8Array, palette: readonly number[][]): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(3 * indices.length);
  for (const [i, index] of indices.entries()) {
    const entry = palette[index];
    if (!entry) throw new Error(`a pixel has colour ${index}, past the end of the palette`);
    data.set(entry.slice(0, 3), 3 * i);
  }
  return data;
}

/** RGB with the alpha of each palette index; the last ones may be left out, and are opaque. */
function withAlpha(rgb: Uint8Array, indices: Uint8Array, alpha: Uint8Array): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(4 * indices.length);
  for (const [i, index] of indices.entries()) {
    data.set(rgb.subarray(3 * i, 3 * i + 3), 4 * i);
    data[4 * i + 3] = alpha[index] ?? 255;
  }
  return data;
}

/**
 * Walks the chunks from the signature to `IEND`, and gives the header and the file without the chunks that the picture
 * does not need. What it refuses is what fast-png does not: a picture that is larger than `maxPixels`, a stream that
 * cannot hold it or that could unpack to a thousand times its size, and interlaced samples of less than a byte, which
 * fast-png reads wrongly.
 * Throws an `Error` that says what is wrong.
 */
function readPngPicture(
  bytes: Uint8Array,
  maxPixels: number,
): { header: PngHeader; file: Uint8Array; transparency: Uint8Array | null } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const file = new Uint8Array(bytes.length);
  file.set(bytes.subarray(0, 8));
  let size = 8;
  let stream = 0;
  let header: PngHeader | undefined;
  let transparency: Uint8Array | null = null;
  for (let at = 8, type = ''; type !== 'IEND'; ) {
    const length = at + 12 > bytes.length ? bytes.length : view.getUint32(at);
    if (length > bytes.length - at - 12) throw new Error('the file is truncated');
    type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (!header && type === 'CgBI') throw new UnreadPicture("it is of Apple's own kind");
    if (!header && type !== 'IHDR') throw new Error('the header is missing');
    if (type === 'acTL' && length === 8 && view.getUint32(at + 8) > 1) {
      throw new UnreadPicture(`it is an animation of ${view.getUint32(at + 8)} pictures, and an image is one`, {
        advice: 'save its pictures as files of their own',
      });
    }
    if (type === 'IHDR') header = readHeader(bytes.subarray(at + 8, at + 8 + length));
    if (type === 'IDAT') stream += length;
    if (type === 'tRNS') transparency = bytes.subarray(at + 8, at + 8 + length);
    if (PICTURE.includes(type)) {
      file.set(bytes.subarray(at, at + 12 + length), size);
      size += 12 + length;
    } else if ((bytes[at + 4] & 32) === 0) throw new Error(`it needs an unknown chunk ${JSON.stringify(type)}`);
    at += 12 + length;
  }
  const { width, height, depth, type } = header!;
  if (stream === 0) throw new Error('it holds no pixels');
  const raw = height * (1 + Math.ceil((width * depth * TYPES[type].samples) / 8));
  // Deflate shrinks at most 1032 times, and even a stream that is only stored is hardly longer than what it holds.
  if (raw > 1032 * stream) throw new Error('it holds fewer pixels than its header says');
  if (width * height > maxPixels) throw tooLarge(width, height);
  if (stream > 2 * raw + 65536) throw new Error('it holds more pixels than its header says');
  return { header: header!, file: file.subarray(0, size), transparency };
}

function readHeader(data: Uint8Array): PngHeader {
  if (data.length !== 13) throw new Error('the header has a wrong length');
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const [depth, type, compression, filter, interlace] = data.subarray(8);
  if (!TYPES[type]?.depths.includes(depth)) throw new Error(`colour type ${type} with ${depth} bits does not exist`);
  if (compression !== 0 || filter !== 0 || interlace > 1) throw new Error('it uses an unknown compression');
  if (interlace === 1 && depth < 8) throw new UnreadPicture(`it is interlaced, with ${depth} bits a sample`);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  if (width === 0 || height === 0) throw new Error(`it is ${width}×${height} pixels`);
  return { width, height, depth, type };
}

/** An 8-bit PNG file of a grey, RGB or RGBA picture. */
export function encodePng(image: Image): Uint8Array {
  const { width, height, channels, data } = image;
  return encode({ width, height, channels, depth: 8, data });
}

/** A 16-bit grey PNG file; `data` has `width * height` values, row by row. */
export function encodePng16(width: number, height: number, data: Uint16Array): Uint8Array {
  return encode({ width, height, channels: 1, depth: 16, data });
}
