import { decode } from 'tiff';
import type { Raster } from './image.ts';
import { greyToRgba } from './png.ts';
import { tooLarge, UnreadPicture } from './unread.ts';

/** TIFF's numbers of what is asked for here. */
const TAG = {
  subfile: 254,
  width: 256,
  height: 257,
  bits: 258,
  photometric: 262,
  orientation: 274,
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

/** A directory: the first value of each tag, and where in the file it lies. */
interface Page {
  readonly tags: ReadonlyMap<number, number>;
  readonly places: ReadonlyMap<number, number>;
}

/**
 * The picture of a TIFF file as it is stored, not turned: grey, RGB or a palette, with alpha or not, of 1, 8 or 16 bits,
 * whole numbers with a sign or without, or of 32-bit floating-point numbers, in strips or tiles, uncompressed, LZW or
 * deflate. A file with several pictures is refused: only the first would be seen. Throws an `Error` that says what is
 * wrong, `UnreadPicture` for other kinds of TIFF.
 */
export function decodeTiff(bytes: Uint8Array, maxPixels: number): Raster {
  const pages = readPages(bytes);
  // The second bit says that a picture is one page of many, the first that it is a small copy of another.
  const whole = pages.filter(({ tags }) => ((tags.get(TAG.subfile) ?? 0) & 1) === 0);
  if (whole.length > 1) throw new UnreadPicture(`it holds ${whole.length} pictures, and an image is one`);
  const [{ tags, places }] = pages;
  const value = (tag: number, fallback: number) => tags.get(tag) ?? fallback;
  const [width, height] = [value(TAG.width, 0), value(TAG.height, 0)];
  if (width === 0 || height === 0) throw new Error(`it is ${width}×${height} pixels`);
  if (width * height > maxPixels) throw tooLarge(width, height);
  const samples = value(TAG.samples, 1);
  const format = value(TAG.format, 1);
  const bits = value(TAG.bits, 1);
  if (samples > 1 && value(TAG.planar, 1) !== 1) throw new UnreadPicture('its channels lie one after the other');
  if (samples > 1 && tags.has(TAG.tileWidth)) throw new UnreadPicture('it lies in tiles of several channels');
  const known = format === 1 ? [1, 8, 16] : format === 2 ? [8, 16] : format === 3 ? [32] : [];
  if (!known.includes(bits)) {
    const numbers = format === 3 ? 'floating-point numbers' : format === 2 ? 'numbers with a sign' : 'numbers';
    throw new UnreadPicture(`its samples are ${numbers} of ${bits} bits`);
  }
  const [picture] = decoded(asStored(bytes, places.get(TAG.orientation)));
  const { type } = picture;
  // The library takes values with a sign for others, so those of inverted grey come out wrong.
  if (type === 0 && format !== 1) throw new UnreadPicture('its grey is inverted, and its values are no plain numbers');
  if (picture.data.length < width * height * samples) throw new Error('the file is truncated');
  const data = samplesOf(picture.data, bits, format, type === 3);
  if (type === 3) return { width, height, channels: 3, data: colours(data, picture.palette ?? []), bits: 8 };
  if (samples === 1 || samples === 3) return { width, height, channels: samples, data, bits };
  const grey = type !== 2;
  if (samples !== (grey ? 2 : 4)) throw new UnreadPicture(`it has ${samples} samples a pixel`);
  return { width, height, channels: 4, data: grey ? greyToRgba(data) : data, bits };
}

/** A file with orientation 1, since the library reads no other. @param at where the value lies */
function asStored(bytes: Uint8Array, at: number | undefined): Uint8Array {
  if (at === undefined) return bytes;
  const copy = bytes.slice();
  copy.set(bytes[0] === 0x49 ? [1, 0] : [0, 1], at);
  return copy;
}

function samplesOf(data: ArrayLike<number>, bits: number, format: number, indices: boolean): Raster['data'] {
  if (bits === 1) return Uint8Array.from(data, (v) => (indices ? v : 255 * v));
  if (format === 3) {
    const values = Float32Array.from(data);
    if (!values.every(Number.isFinite)) throw new UnreadPicture('some of its values are no numbers');
    return values;
  }
  if (format === 2) return Int16Array.from(data, (v) => (bits === 8 ? (v << 24) >> 24 : (v << 16) >> 16));
  return bits === 8 ? Uint8Array.from(data) : Uint16Array.from(data);
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

function colours(indices: ArrayLike<number>, palette: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(3 * indices.length);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i];
    const entry = palette[index];
    if (!entry) throw new Error(`a pixel has colour ${index}, past the end of the palette`);
    for (let c = 0; c < 3; c++) data[3 * i + c] = entry[c] >> 8;
  }
  return data;
}

function readPages(bytes: Uint8Array): [Page, ...Page[]] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  const pages: Page[] = [];
  const seen = new Set<number>();
  try {
    for (let at = view.getUint32(4, little); at !== 0; ) {
      if (seen.has(at) || pages.length === MOST_PAGES) throw new Error('its directories lead round in a circle');
      seen.add(at);
      const tags = new Map<number, number>();
      const places = new Map<number, number>();
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
        places.set(view.getUint16(entry, little), place);
      }
      pages.push({ tags, places });
      at = view.getUint32(at + 2 + 12 * entries, little);
    }
  } catch (error) {
    if (error instanceof RangeError) throw new Error('the file is truncated', { cause: error });
    throw error;
  }
  if (pages.length === 0) throw new Error('it holds no picture');
  return pages as [Page, ...Page[]];
}
