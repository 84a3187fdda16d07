import { tooLarge, UnreadPicture } from './unread.ts';

/** What a PNG file says about its picture, checked before any pixel is decoded. */
export interface PngHeader {
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
 * Walks the chunks from the signature to `IEND`, and gives the header and the file without the chunks that the picture
 * does not need. What it refuses is what fast-png does not: a picture that is larger than `maxPixels`, a stream that
 * cannot hold it or that could unpack to a thousand times its size, and interlaced samples of less than a byte, which
 * fast-png reads wrongly.
 * Throws an `Error` that says what is wrong.
 */
export function readPngPicture(
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
