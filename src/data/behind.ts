import { endOfBmp } from './bmp.ts';
import type { Behind } from './image.ts';
import { nextMarker } from './jpeg/huffman.ts';
import { endOfTiff } from './tiff/end.ts';

/** Where the picture of a whole file ends, by format. */
const ENDS = { png: endOfPng, jpeg: endOfJpeg, tiff: endOfTiff, bmp: endOfBmp } as const;

/** What lies behind the end of a whole file; null for nothing. Zeros, blanks and fill bytes are nothing. */
export function behindEnd(bytes: Uint8Array, format: keyof typeof ENDS): Behind | null {
  let from = ENDS[format](bytes);
  let to = bytes.length;
  while (from < to && PADDING.includes(bytes[from])) from++;
  while (from < to && PADDING.includes(bytes[to - 1])) to--;
  if (from >= to) return null;
  const [first, second, third] = bytes.subarray(from);
  // A fill byte before a JPEG is its own first byte.
  const jpeg = (first === 0xff ? second : first) === 0xd8 && (first === 0xff ? third : second) === 0xff;
  return { bytes: to - from, picture: jpeg || (first === 0x89 && second === 0x50) };
}

const PADDING: readonly number[] = [0, 9, 10, 13, 32, 255];

/** Behind `IEND`, which is there. */
function endOfPng(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 8;
  while (at + 12 <= bytes.length) {
    const isEnd = view.getUint32(at + 4) === 0x49454e44;
    at += 12 + view.getUint32(at);
    if (isEnd) return at;
  }
  return bytes.length;
}

/** Behind the end marker of the picture itself: one in a segment, such as of an EXIF thumbnail, is passed over with it. */
function endOfJpeg(bytes: Uint8Array): number {
  for (let at = nextMarker(bytes, 2); at < bytes.length; at = nextMarker(bytes, at)) {
    const marker = bytes[at + 1];
    if (marker === 0xd9) return at + 2;
    const alone = (marker >= 0xd0 && marker <= 0xd8) || marker === 1;
    at += 2 + (alone ? 0 : (bytes[at + 2] << 8) | bytes[at + 3]);
  }
  return bytes.length;
}
