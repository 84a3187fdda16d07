/** TIFF's numbers of what is asked for here. */
export const TAG = {
  subfile: 254,
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  samples: 277,
  rowsPerStrip: 278,
  stripBytes: 279,
  planar: 284,
  predictor: 317,
  colourMap: 320,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileBytes: 325,
  subDirectories: 330,
  extraSamples: 338,
  format: 339,
  thumbnail: 513,
  thumbnailBytes: 514,
  exif: 34665,
  gps: 34853,
  interoperability: 40965,
} as const;

/** Bytes of a value of the types that are read: bytes, shorts and longs (13 is that of a place). */
const TYPE_BYTES: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 13: 4 };

/** Bytes of a value of the types that are passed over: texts, fractions, numbers with a sign or a point. */
const OTHER_BYTES: Readonly<Record<number, number>> = { 2: 1, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8 };

/** Directories that are looked at: more is a stack, or a file that leads round in a circle. */
const MOST_PAGES = 1000;

/** A directory of a TIFF file: what it says of one picture. */
export class Page {
  readonly #view: DataView;
  readonly #little: boolean;
  readonly #tags = new Map<number, { type: number; count: number; place: number }>();
  /** Where the place of the next directory is written. */
  readonly end: number;
  /** Behind all that it says by itself, wherever that lies. */
  readonly last: number;

  /** @throws RangeError where the file ends before the directory does */
  constructor(view: DataView, at: number, little: boolean) {
    this.#view = view;
    this.#little = little;
    const entries = view.getUint16(at, little);
    this.end = at + 2 + 12 * entries;
    let last = this.end + 4;
    for (let entry = at + 2; entry < this.end; entry += 12) {
      const type = view.getUint16(entry + 2, little);
      const count = view.getUint32(entry + 4, little);
      const bytes = count * (TYPE_BYTES[type] ?? OTHER_BYTES[type] ?? 0);
      const place = bytes > 4 ? view.getUint32(entry + 8, little) : entry + 8;
      last = Math.max(last, place + bytes);
      if (TYPE_BYTES[type] === undefined || count === 0) continue;
      if (place + bytes > view.byteLength) throw new RangeError('a tag lies past the end');
      this.#tags.set(view.getUint16(entry, little), { type, count, place });
    }
    this.last = last;
  }

  /** All values of a tag; none where it is not there. */
  all(tag: number): number[] {
    const { type = 1, count = 0, place = 0 } = this.#tags.get(tag) ?? {};
    const view = this.#view;
    return Array.from({ length: count }, (_, i) => {
      if (type === 1) return view.getUint8(place + i);
      return type === 3 ? view.getUint16(place + 2 * i, this.#little) : view.getUint32(place + 4 * i, this.#little);
    });
  }

  /** The first value of a tag. */
  one(tag: number, fallback: number): number {
    return this.#tags.has(tag) ? this.all(tag)[0] : fallback;
  }
}

/** Every directory of a file, in its order. @param little the order of the bytes of numbers */
export function readPages(bytes: Uint8Array, little: boolean): [Page, ...Page[]] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pages: Page[] = [];
  const seen = new Set<number>();
  try {
    for (let at = view.getUint32(4, little); at !== 0; ) {
      if (seen.has(at) || pages.length === MOST_PAGES) throw new Error('its directories lead round in a circle');
      seen.add(at);
      const page = new Page(view, at, little);
      pages.push(page);
      at = view.getUint32(page.end, little);
    }
  } catch (error) {
    if (error instanceof RangeError) throw new Error('the file is truncated', { cause: error });
    throw error;
  }
  if (pages.length === 0) throw new Error('it holds no picture');
  return pages as [Page, ...Page[]];
}
