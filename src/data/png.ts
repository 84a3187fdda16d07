import { type DecodedPng, decode } from 'fast-png';
import type { Image } from './image.ts';
import { type PngHeader, readPngPicture } from './png_chunks.ts';

/**
 * The picture of a PNG file as Pillow's `convert` sees it.
 *
 * * 1, 2 and 4 bits of grey are spread over 0…255; a palette becomes RGB and its transparency is dropped.
 * * Grey with alpha becomes RGBA with equal colours: resizing it and dropping alpha gives what Pillow's `LA` gives.
 * * 16 bits keep the high byte, as Pillow does for colour (its conversion of 16-bit grey would turn all above 255
 *   white). With `keepNonZero` a sample of 1…255 gives 1 instead of 0, so that the class codes of a 16-bit mask do not
 *   vanish, and the transparency of a palette becomes alpha.
 *
 * Throws an `Error` that says what is wrong; `maxPixels` is checked before anything is allocated.
 */
export function decodePng(bytes: Uint8Array, maxPixels: number, keepNonZero = false): Image {
  const { header, file, transparency } = readPngPicture(bytes, maxPixels);
  const decoded = decode(file, { checkCrc: true });
  const { width, height, type } = header;
  const samples = bytesOf(decoded, header, keepNonZero);
  if (type === 3) {
    const data = colours(samples, decoded.palette ?? []);
    if (!keepNonZero || transparency === null) return { width, height, channels: 3, data };
    return { width, height, channels: 4, data: withAlpha(data, samples, transparency) };
  }
  if (type === 4) {
    const data = new Uint8Array(width * height * 4);
    for (let i = 0; i < width * height; i++)
      data.fill(samples[2 * i], 4 * i, 4 * i + 3)[4 * i + 3] = samples[2 * i + 1];
    return { width, height, channels: 4, data };
  }
  return { width, height, channels: type === 0 ? 1 : type === 2 ? 3 : 4, data: samples };
}

/** The samples as bytes: palette indices, or intensities on 0…255. */
function bytesOf(
  png: DecodedPng,
  { width, height, depth, type }: PngHeader,
  keepNonZero: boolean,
): Uint8Array<ArrayBuffer> {
  const { data } = png;
  if (depth === 8) return new Uint8Array(data);
  if (depth === 16) return Uint8Array.from(data, (v) => (keepNonZero && v > 0 && v < 256 ? 1 : v >> 8));
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
