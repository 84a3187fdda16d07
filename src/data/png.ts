import { type DecodedPng, decode } from 'fast-png';
import { type PngHeader, readPngPicture } from './png_chunks.ts';
import type { Raster } from './raster.ts';

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
