import type { Raster } from '../image.ts';
import { greyToRgba } from '../png.ts';
import { tooLarge, UnreadPicture } from '../unread.ts';
import { readBlocks, type Stored } from './blocks.ts';
import { type Page, readPages, TAG } from './directory.ts';

/** What the numbers of a pixel are: TIFF's number of it. */
const WHITE_IS_ZERO = 0;
const RGB = 2;
const PALETTE = 3;

/** Those that are not read. */
const OTHER_COLOURS: Readonly<Record<number, string>> = { 4: 'a mask of another', 5: 'CMYK', 6: 'YCbCr', 8: 'CIELab' };

/**
 * The picture of a TIFF file as it is stored, not turned: grey, inverted grey, RGB or a palette, with alpha or not; whole
 * numbers of 1, 2, 4 or 8 to 16 bits, of 32 bits where 16 hold their values, with a sign of 8, 16 or 32, and floating-point
 * ones of 32 or 64 bits; in strips or tiles, channels together or apart; uncompressed, PackBits, LZW or deflate. A file with
 * several pictures is refused: only the first would be seen.
 *
 * By hand: of the packages, tiff 7.1 reads differences of tiles, mirrored bits and channels apart wrong or not at all,
 * geotiff 3.0 differences of big-endian numbers, and utif2 4.1 takes what it does not know for zeros.
 *
 * Throws an `Error` that says what is wrong, `UnreadPicture` for other kinds of TIFF.
 */
export function decodeTiff(bytes: Uint8Array, maxPixels: number): Raster {
  const little = bytes[0] === 0x49;
  const pages = readPages(bytes, little);
  // The first bit says that a picture is a small copy of another.
  const whole = pages.filter((page) => (page.one(TAG.subfile, 0) & 1) === 0);
  if (whole.length > 1) {
    const advice = 'write each of them as a file of its own';
    throw new UnreadPicture(`it holds ${whole.length} pictures, and an image is one`, { advice });
  }
  const [page] = whole.length === 1 ? whole : pages;
  const [width, height] = [page.one(TAG.width, 0), page.one(TAG.height, 0)];
  if (width === 0 || height === 0) throw new Error(`it is ${width}×${height} pixels`);
  if (width * height > maxPixels) throw tooLarge(width, height);
  const type = page.one(TAG.photometric, 1);
  const channels = page.one(TAG.samples, 1);
  requireColours(type, channels);
  const bits = same(page, TAG.bits, 1);
  const format = same(page, TAG.format, 1);
  requireNumbers(bits, format, type);
  const stored: Stored = { page, width, height, channels, samples: { bits, format, little } };
  const data = samplesOf(bytes, stored, type);
  if (type === PALETTE)
    return { width, height, channels: 3, data: colours(data, page.all(TAG.colourMap), bits), bits: 8 };
  if (channels === 1 || channels === 3) return { width, height, channels, data, bits };
  if (page.one(TAG.extraSamples, 0) === 1) undoAlpha(data, channels);
  return { width, height, channels: 4, data: channels === 2 ? greyToRgba(data) : data, bits };
}

function requireColours(type: number, channels: number): void {
  if (type > PALETTE) throw new UnreadPicture(`its colours are ${OTHER_COLOURS[type] ?? `of kind ${type}`}`);
  const most = type === RGB ? [3, 4] : type === PALETTE ? [1] : [1, 2];
  if (!most.includes(channels)) throw new UnreadPicture(`it has ${channels} samples a pixel`);
}

/** A tag that has a value for each channel. */
function same(page: Page, tag: number, fallback: number): number {
  const [first = fallback, ...others] = page.all(tag);
  if (others.some((value) => value !== first)) throw new UnreadPicture('its channels have different kinds of numbers');
  return first;
}

function requireNumbers(bits: number, format: number, type: number): void {
  const whole = [1, 2, 4, 8, 9, 10, 11, 12, 13, 14, 15, 16, 32];
  const known = format === 1 ? whole : format === 2 ? [8, 16, 32] : format === 3 ? [32, 64] : [];
  if (!known.includes(bits) || (type === PALETTE && (bits > 8 || format !== 1))) {
    const numbers = format === 3 ? 'floating-point numbers' : format === 2 ? 'numbers with a sign' : 'numbers';
    throw new UnreadPicture(`its samples are ${numbers} of ${bits} bits`);
  }
  if (type === WHITE_IS_ZERO && (format !== 1 || bits === 32))
    throw new UnreadPicture('its grey is inverted, and its values are no plain numbers');
}

/** Values as the file has them; those of less than 8 bits, where they are no indices, spread over 0…255. */
function samplesOf(bytes: Uint8Array, stored: Stored, type: number): Raster['data'] {
  const { width, height, channels, samples } = stored;
  const { bits, format } = samples;
  const count = width * height * channels;
  const top = 2 ** bits - 1;
  const times = bits < 8 && type !== PALETTE ? 255 / top : 1;
  const data =
    format === 3
      ? new Float32Array(count)
      : format === 2
        ? new Int16Array(count)
        : bits <= 8
          ? new Uint8Array(count)
          : new Uint16Array(count);
  readBlocks(bytes, stored, (at, value) => {
    data[at] = times * (type === WHITE_IS_ZERO ? top - value : value);
    if (format !== 3 && bits === 32 && data[at] !== value) throw new UnreadPicture('its values need more than 16 bits');
  });
  if (data instanceof Float32Array && !data.every(Number.isFinite))
    throw new UnreadPicture('some of its values are no numbers');
  return data;
}

/** The colours as they were before they were multiplied by what can be seen of them. */
function undoAlpha(data: Raster['data'], channels: number): void {
  const top = data instanceof Uint8Array ? 255 : data instanceof Uint16Array ? 65535 : 1;
  for (let i = 0; i < data.length; i += channels) {
    const alpha = data[i + channels - 1];
    for (let c = 0; c < channels - 1; c++) {
      const value = alpha > 0 ? Math.min(top, (data[i + c] * top) / alpha) : 0;
      data[i + c] = data instanceof Float32Array ? value : Math.round(value);
    }
  }
}

/** @param map all reds, all greens, all blues, of 16 bits; of 8 where none needs more, as some programs write them */
function colours(indices: ArrayLike<number>, map: readonly number[], bits: number): Uint8Array<ArrayBuffer> {
  const many = 2 ** bits;
  const shift = map.some((value) => value > 255) ? 8 : 0;
  const data = new Uint8Array(3 * indices.length);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i];
    if (2 * many + index >= map.length) throw new Error(`a pixel has colour ${index}, past the end of the palette`);
    for (let c = 0; c < 3; c++) data[3 * i + c] = map[c * many + index] >> shift;
  }
  return data;
}
