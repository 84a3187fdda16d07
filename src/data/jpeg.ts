import jpeg from 'jpeg-js';
import { yccToRgb } from './chroma.ts';
import type { Image } from './image.ts';
import { tooLarge, UnreadPicture } from './unread.ts';

/** What the markers before the first scan say. */
interface JpegHeader {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** Three components that are RGB already (Adobe marker with transform 0, or components named R, G, B). */
  readonly rgb: boolean;
  /** Where the Adobe marker keeps its transform, or null without one. */
  readonly adobeAt: number | null;
  /** Pixels per chroma sample along each axis: 1 or 2. */
  readonly across: number;
  readonly down: number;
}

/**
 * The picture of a JPEG file (baseline or progressive, 8 bits): 1 channel for grey, else RGB.
 *
 * Grey pictures differ from libjpeg's, and so from Pillow's, by at most a level (another inverse DCT), colour ones by a
 * few. The picture is as it is stored, not turned. Throws an `Error` that says what is wrong.
 */
export function decodeJpeg(bytes: Uint8Array, maxPixels: number): Image {
  const header = readHeader(bytes);
  const { width, height, components } = header;
  const pixels = width * height;
  if (pixels === 0) throw new Error(`it is ${width}×${height} pixels`);
  // Every 8×8 block takes at least one bit, so a short file that claims a huge picture is caught before allocation.
  if (pixels > 64 * 8 * bytes.length) throw new Error('it holds fewer pixels than its header says');
  if (pixels > maxPixels) throw tooLarge(width, height);
  let input = bytes;
  if (components === 3 && header.adobeAt !== null) {
    input = bytes.slice(); // jpeg-js would convert colours by this marker; `yccToRgb` does it better
    input[header.adobeAt] = 0;
  }
  const { data } = jpeg.decode(input, {
    useTArray: true,
    formatAsRGBA: false,
    // Only this mode reads the shorter last restart interval of a grey picture; truncation is caught by `readHeader`.
    tolerantDecoding: true,
    colorTransform: components === 3 ? false : undefined,
    maxResolutionInMP: Math.ceil(maxPixels / 1e6),
    // jpeg-js keeps 32-bit coefficients: some 5 bytes a pixel and component, plus the planes.
    maxMemoryUsageInMB: 64 + Math.ceil((pixels * components * 16) / 2 ** 20),
  });
  if (components === 1) return { width, height, channels: 1, data: data.filter((_, i) => i % 3 === 0) };
  const convert = components === 3 && !header.rgb;
  return { width, height, channels: 3, data: convert ? yccToRgb({ ...header, data }) : data };
}

function readHeader(bytes: Uint8Array): JpegHeader {
  let adobeAt: number | null = null;
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
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      if (frame) throw new Error('it holds more than one picture');
      frame = readFrame(marker, data);
    }
    if (marker === 0xee && data.length >= 12 && String.fromCharCode(...data.subarray(0, 5)) === 'Adobe') {
      adobeAt = at + 4 + 11;
    }
    at += 2 + length;
    if (marker === 0xda) {
      // The decoder fills what is missing with grey, so the end marker must be there (an EXIF thumbnail has its own,
      // but before the first scan).
      if (!frame) throw new Error('the frame header is missing');
      if (!hasEnd(bytes, at)) throw new Error('the file is truncated');
      const { ids, ...size } = frame;
      if (ids.length === 4 && adobeAt === null) {
        throw new UnreadPicture("it has four colours (CMYK) without Adobe's marker, which says how they are meant", {
          advice: 'convert it to RGB',
        });
      }
      const rgb = adobeAt === null ? String.fromCharCode(...ids) === 'RGB' : bytes[adobeAt] === 0;
      return { ...size, components: ids.length, rgb, adobeAt };
    }
  }
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly ids: readonly number[];
  readonly across: number;
  readonly down: number;
}

function readFrame(marker: number, data: Uint8Array): Frame {
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
  const [across, down] = subsampling(data);
  return { width: (data[3] << 8) | data[4], height: (data[1] << 8) | data[2], ids, across, down };
}

/** Pixels per chroma sample where both chroma planes are halved; 1 for any other ratio, which libjpeg repeats too. */
function subsampling(frame: Uint8Array): [number, number] {
  const [luma, blue, red] = [frame[7], frame[10], frame[13]];
  const across = (luma >> 4) / (blue >> 4);
  const down = (luma & 15) / (blue & 15);
  const smooth = blue === red && (across === 1 || across === 2) && (down === 1 || down === 2);
  return smooth ? [across, down] : [1, 1];
}

function hasEnd(bytes: Uint8Array, from: number): boolean {
  for (let i = bytes.length - 2; i >= from; i--) if (bytes[i] === 0xff && bytes[i + 1] === 0xd9) return true;
  return false;
}
