import type { Image } from './image.ts';
import { coloursOf, greyOf } from './jpeg/colours.ts';
import { decodeFrame } from './jpeg/segments.ts';
import { tooLarge, UnreadPicture } from './unread.ts';

/** What the markers before the first scan say. */
interface JpegHeader {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** Whether the first three components are RGB (or, of four, CMY) already. */
  readonly plain: boolean;
}

/**
 * The picture of a JPEG file (baseline or progressive, 8 bits): 1 channel for grey, else RGB, to the bit as libjpeg, and
 * so Pillow, OpenCV and most browsers, decode it. It is as it is stored, not turned. Throws an `Error` that says what is wrong.
 */
export function decodeJpeg(bytes: Uint8Array, maxPixels: number): Image {
  const { width, height, components, plain } = readHeader(bytes);
  const pixels = width * height;
  if (pixels === 0) throw new Error(`it is ${width}×${height} pixels`);
  // Every 8×8 block takes at least one bit, so a short file that claims a huge picture is caught before allocation.
  if (pixels > 64 * 8 * bytes.length) throw new Error('it holds fewer pixels than its header says');
  if (pixels > maxPixels) throw tooLarge(width, height);
  const frame = decodeFrame(bytes);
  if (components === 1) return { width, height, channels: 1, data: greyOf(frame) };
  return { width, height, channels: 3, data: coloursOf(frame, plain) };
}

function readHeader(bytes: Uint8Array): JpegHeader {
  let jfif = false;
  /** The transform of colours that Adobe's marker says. */
  let adobe: number | null = null;
  let frame: Frame | undefined;
  for (let at = 2; ; ) {
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++; // fill bytes
    if (at + 4 > bytes.length) throw new Error('the file is truncated');
    if (bytes[at] !== 0xff) throw new Error('a marker is missing');
    const marker = bytes[at + 1];
    const length = (bytes[at + 2] << 8) | bytes[at + 3];
    if (length < 2) throw new Error('a segment has a wrong length');
    if (at + 2 + length > bytes.length) throw new Error('the file is truncated');
    const data = bytes.subarray(at + 4, at + 2 + length);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame || marker === JPEG_LS) {
      if (frame) throw new Error('it holds more than one picture');
      frame = readFrame(marker, data);
    }
    const name = String.fromCharCode(...data.subarray(0, 5));
    if (marker === 0xe0 && name === 'JFIF\0') jfif = true;
    if (marker === 0xee && data.length >= 12 && name === 'Adobe') adobe = data[11];
    at += 2 + length;
    if (marker === 0xda) {
      // The decoder fills what is missing with grey, so the end marker must be there (an EXIF thumbnail has its own,
      // but before the first scan).
      if (!frame) throw new Error('the frame header is missing');
      if (!hasEnd(bytes, at)) throw new Error('the file is truncated');
      const { ids, width, height } = frame;
      if (ids.length === 4 && adobe === null) {
        throw new UnreadPicture("it has four colours (CMYK) without Adobe's marker, which says how they are meant", {
          advice: 'convert it to RGB',
        });
      }
      // In the order in which libjpeg believes them.
      const named = adobe === null ? String.fromCharCode(...ids) === 'RGB' : adobe === 0;
      return { width, height, components: ids.length, plain: named && !(jfif && ids.length === 3) };
    }
  }
}

/** The frame header of another format that begins as a JPEG does. */
const JPEG_LS = 0xf7;

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly ids: readonly number[];
}

function readFrame(marker: number, data: Uint8Array): Frame {
  if (marker === JPEG_LS) throw new UnreadPicture('it is JPEG-LS');
  if (marker > 0xc2) {
    const coding = marker === 0xc3 || (marker >= 0xc5 && marker <= 0xc7) ? 'lossless or hierarchical' : 'arithmetic';
    throw new UnreadPicture(`its coding is ${coding}`);
  }
  if (data.length < 6 || data.length < 6 + 3 * data[5]) throw new Error('the frame header is too short');
  if (data[0] !== 8)
    throw new UnreadPicture(`it has ${data[0]} bits a sample`, { advice: 'convert it to a 16-bit PNG' });
  const components = data[5];
  if (components !== 1 && components !== 3 && components !== 4)
    throw new UnreadPicture(`it has ${components} components`);
  const ids = Array.from({ length: components }, (_, i) => data[6 + 3 * i]);
  for (let i = 0; i < components; i++) {
    const sampling = data[7 + 3 * i];
    if (sampling >> 4 < 1 || sampling >> 4 > 4 || (sampling & 15) < 1 || (sampling & 15) > 4) {
      throw new Error('a sampling factor is not 1 to 4');
    }
  }
  if (new Set(ids).size !== components) throw new Error('two components have the same name');
  return { width: (data[3] << 8) | data[4], height: (data[1] << 8) | data[2], ids };
}

function hasEnd(bytes: Uint8Array, from: number): boolean {
  for (let i = bytes.length - 2; i >= from; i--) if (bytes[i] === 0xff && bytes[i + 1] === 0xd9) return true;
  return false;
}
