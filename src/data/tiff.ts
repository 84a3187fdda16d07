import { decode } from 'tiff';
import type { Image } from './image.ts';
import { UnreadPicture } from './unread.ts';

/** TIFF's numbers of what is asked for here. */
const TAG = {
  subfile: 254,
  width: 256,
  height: 257,
  bits: 258,
  photometric: 262,
  samples: 277,
  planar: 284,
  colourMap: 320,
  tileWidth: 322,
  extraSamples: 338,
  format: 339,
} as const;

/** Bytes of a value of each type. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];

/** Directories that are looked at: more is a stack, or a file that leads round in a circle. */
const MOST_PAGES = 1000;

type Tags = ReadonlyMap<number, number>;

/**
 * Bits of a sample of a TIFF file's first picture.
 * Throws an `Error` for a file that ends too early.
 */
export function tiffBits(bytes: Uint8Array): number {
  return readPages(bytes)[0].get(TAG.bits) ?? 1;
}

/**
 * The picture of a TIFF file: grey, RGB or a palette, with alpha or not, of 1, 8 or 16 bits (of which the high byte is
 * kept; `keepNonZero` as in `decodePng`), in strips or tiles, uncompressed, LZW or deflate. A file with several pictures is
 * refused: only the first would be seen. Throws an `Error` that says what is wrong, `UnreadPicture` for other kinds of TIFF.
 */
export function decodeTiff(bytes: Uint8Array, maxPixels: number, keepNonZero = false): Image {
  const pages = readPages(bytes);
  // The second bit says that a picture is one page of many, the first that it is a small copy of another.
  const whole = pages.filter((tags) => ((tags.get(TAG.subfile) ?? 0) & 1) === 0);
  if (whole.length > 1) throw new UnreadPicture(`it holds ${whole.length} pictures, and an image is one`);
  const [tags] = pages;
  const value = (tag: number, fallback: number) => tags.get(tag) ?? fallback;
  const [width, height] = [value(TAG.width, 0), value(TAG.height, 0)];
  if (width === 0 || height === 0) throw new Error(`it is ${width}×${height} pixels`);
  if (width * height > maxPixels) throw new Error(`it is ${width}×${height} pixels, too many`);
  const samples = value(TAG.samples, 1);
  const format = value(TAG.format, 1);
  if (format !== 1) {
    throw new UnreadPicture(format === 3 ? 'its values are floating-point numbers' : 'its values may be negative');
  }
  if (samples > 1 && value(TAG.planar, 1) !== 1) throw new UnreadPicture('its channels lie one after the other');
  if (samples > 1 && tags.has(TAG.tileWidth)) throw new UnreadPicture('it lies in tiles of several channels');
  if (![1, 8, 16].includes(value(TAG.bits, 1))) throw new UnreadPicture(`it has ${value(TAG.bits, 1)} bits a sample`);
  const [picture] = decoded(bytes);
  const { data } = picture;
  if (data.length < width * height * samples) throw new Error('the file is truncated');
  const byte = (v: number) => {
    if (picture.bitsPerSample === 1) return picture.type === 3 ? v : 255 * v;
    if (picture.bitsPerSample === 8) return v;
    return keepNonZero && v > 0 && v < 256 ? 1 : v >> 8;
  };
  const out = Uint8Array.from(data, byte);
  if (picture.type === 3) return { width, height, channels: 3, data: colours(out, picture.palette ?? []) };
  if (samples === 1 || samples === 3) return { width, height, channels: samples, data: out };
  const grey = picture.type !== 2;
  if (samples !== (grey ? 2 : 4)) throw new UnreadPicture(`it has ${samples} samples a pixel`);
  if (!grey) return { width, height, channels: 4, data: out };
  const rgba = new Uint8Array(4 * width * height);
  for (let i = 0; i < width * height; i++) rgba.fill(out[2 * i], 4 * i, 4 * i + 3)[4 * i + 3] = out[2 * i + 1];
  return { width, height, channels: 4, data: rgba };
}

function decoded(bytes: Uint8Array): ReturnType<typeof decode> {
  try {
    return decode(bytes, { pages: [0] });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (/^unsupported/i.test(message)) throw new UnreadPicture(message.replace(/^U/, 'u'), { cause: error });
    throw new Error('the file is truncated, or its data contradict themselves', { cause: error });
  }
}

function colours(indices: Uint8Array, palette: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(3 * indices.length);
  for (const [i, index] of indices.entries()) {
    const entry = palette[index];
    if (!entry) throw new Error(`a pixel has colour ${index}, past the end of the palette`);
    for (let c = 0; c < 3; c++) data[3 * i + c] = entry[c] >> 8;
  }
  return data;
}

/** The first value of each tag of every directory. */
function readPages(bytes: Uint8Array): [Tags, ...Tags[]] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  const pages: Tags[] = [];
  const seen = new Set<number>();
  try {
    for (let at = view.getUint32(4, little); at !== 0; ) {
      if (seen.has(at) || pages.length === MOST_PAGES) throw new Error('its directories lead round in a circle');
      seen.add(at);
      const tags = new Map<number, number>();
      const entries = view.getUint16(at, little);
      for (let i = 0; i < entries; i++) {
        const entry = at + 2 + 12 * i;
        const type = view.getUint16(entry + 2, little);
        const count = view.getUint32(entry + 4, little);
        if (type !== 1 && type !== 3 && type !== 4) continue;
        const place = count * TYPE_BYTES[type] > 4 ? view.getUint32(entry + 8, little) : entry + 8;
        const first =
          type === 1
            ? view.getUint8(place)
            : type === 3
              ? view.getUint16(place, little)
              : view.getUint32(place, little);
        tags.set(view.getUint16(entry, little), first);
      }
      pages.push(tags);
      at = view.getUint32(at + 2 + 12 * entries, little);
    }
  } catch (error) {
    if (error instanceof RangeError) throw new Error('the file is truncated', { cause: error });
    throw error;
  }
  if (pages.length === 0) throw new Error('it holds no picture');
  return pages as [Tags, ...Tags[]];
}
