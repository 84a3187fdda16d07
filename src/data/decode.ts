import { FusionclipError } from '../base/errors.ts';
import { extension } from '../base/paths.ts';
import { behindEnd } from './behind.ts';
import { decodeBmp } from './bmp.ts';
import type { Image, Raster } from './image.ts';
import { decodeJpeg } from './jpeg.ts';
import { isPicture, isSmeared, type MaskReading, maskCodes, maskOf, maskOfValues } from './mask.ts';
import { type Orientation, orientationOf, turned } from './orientation.ts';
import { decodePng } from './png.ts';
import { applyRule, FULL, levelOf, type RangeRule } from './range/rule.ts';
import { decodeTiff } from './tiff/tiff.ts';
import { UnreadPicture } from './unread.ts';

/** Pictures above this are refused (400 MB as RGBA); the largest BMAD image has 1 megapixel. */
const MAX_PIXELS = 100_000_000;

/** Extensions of the files that are taken for images, in lower case. */
export const IMAGE_EXTENSIONS: readonly string[] = ['png', 'jpg', 'jpeg', 'jpe', 'jfif', 'tif', 'tiff', 'bmp'];

/**
 * Decodes a PNG, JPEG, TIFF or BMP file by its first bytes, whatever its name says, with values as the file has them and
 * turned as its orientation says; `name` is only for messages. What each format becomes is written at `decodePng`,
 * `decodeJpeg`, `decodeTiff` and `decodeBmp`.
 * Throws `FusionclipError('bad_image')` for a damaged file and for any other format.
 */
export function decodeRaster(bytes: Uint8Array, name: string): Raster {
  const format = formatOf(bytes, name);
  const raster = stored(bytes, name, format, false);
  const orientation = orientationOf(bytes, format);
  const behind = behindEnd(bytes, format);
  return {
    ...(orientation === null ? raster : { ...turned(raster, orientation), orientation }),
    ...(behind && { behind }),
  };
}

/** As `decodeRaster`, with the values of the file as 8-bit grey levels: all that its type can hold, by default. */
export function decodeImage(bytes: Uint8Array, name: string, rule: RangeRule = FULL): Image {
  return applyRule(decodeRaster(bytes, name), rule);
}

/** A lesion mask with the orientation that its file says, by which it is not turned yet. */
export interface StoredMask {
  readonly image: Image;
  /** Null where the file says nothing. */
  readonly orientation: Orientation | null;
  /** What is lesion in it, in numbers of the file; null where that is no list of codes. */
  readonly codes: readonly number[] | null;
  /** Whether it was read at one half of its values. */
  readonly smeared: boolean;
  /** Whether it is a picture and no mask by its levels. */
  readonly pictured: boolean;
}

/** What of a mask is lesion. */
export interface MaskMeaning {
  readonly background?: MaskReading['background'];
  /** The values that are lesion, in numbers of the file; all but the background without. */
  readonly values?: readonly number[];
}

/**
 * Decodes a lesion mask: one channel, 255 on the lesion and 0 elsewhere. Every non-zero grey value is lesion, because
 * BMAD's masks come in several encodings (0/255, class codes 1, 2, 4, and class codes through a colour map, whose lowest
 * class is a dark grey that a threshold at one half would lose). Only in a JPEG, whose compression smears small values
 * around every edge, and in what has as many levels as one, the threshold is one half. Transparency and white
 * backgrounds: see `maskOf`.
 * Throws `FusionclipError('bad_image')` as `decodeImage` does.
 */
export function decodeStoredMask(bytes: Uint8Array, name: string, meaning: MaskMeaning = {}): StoredMask {
  const { background = 'black', values } = meaning;
  const format = formatOf(bytes, name);
  const raster = stored(bytes, name, format, true);
  const orientation = orientationOf(bytes, format);
  if (values) {
    const codes = maskCodes(raster, background);
    return { image: maskOfValues(raster, values), orientation, codes, smeared: false, pictured: false };
  }
  const levels = maskLevels(raster);
  const smeared = format === 'jpeg' || isSmeared(levels, background);
  const codes = smeared ? null : maskCodes(raster, background);
  return { image: maskOf(levels, { background, smeared }), orientation, codes, smeared, pictured: isPicture(levels) };
}

/** As `decodeStoredMask`, turned as the file says. */
export function decodeMask(bytes: Uint8Array, name: string, background?: MaskReading['background']): Image {
  const { image, orientation } = decodeStoredMask(bytes, name, { background });
  return turned(image, orientation ?? 1);
}

/** The picture as it lies in the file. @param mask whether the transparency of a palette becomes alpha */
function stored(bytes: Uint8Array, name: string, format: Format, mask: boolean): Raster {
  try {
    if (format === 'png') return decodePng(bytes, MAX_PIXELS, mask);
    if (format === 'tiff') return decodeTiff(bytes, MAX_PIXELS);
    return { ...(format === 'bmp' ? decodeBmp(bytes, MAX_PIXELS) : decodeJpeg(bytes, MAX_PIXELS)), bits: 8 };
  } catch (cause) {
    if (cause instanceof UnreadPicture) {
      const message = `${name}: this kind of ${format.toUpperCase()} file is not read (${cause.message}); ${cause.advice}.`;
      throw new FusionclipError('bad_image', message, { cause });
    }
    // Our own checks throw plain errors; a TypeError comes from a library following nonsense, and would say nothing.
    const reason =
      cause instanceof Error && cause.name === 'Error'
        ? cause.message.replace(/[:.\s]+$/, '')
        : 'its data contradict themselves';
    throw new FusionclipError(
      'bad_image',
      `${name}: this ${format.toUpperCase()} file is damaged (${reason}); copy it again from its source or remove it.`,
      { cause },
    );
  }
}

/** Grey levels of which none is 0 where the file has another value: small class codes of a deep mask must not vanish. */
function maskLevels({ width, height, channels, data }: Raster): Image {
  if (data instanceof Uint8Array) return { width, height, channels, data };
  let top = data instanceof Uint16Array ? 65535 : 1;
  for (const value of data) if (value > top) top = value;
  const level = (value: number) =>
    value > 0 ? Math.max(1, levelOf(value, [0, top], !(data instanceof Float32Array))) : 0;
  return { width, height, channels, data: Uint8Array.from(data, level) };
}

/** Formats that are recognised in order to name them; text is compared with the bytes at `at`. */
const OTHER_FORMATS: readonly { what: string; at: number; text: string; advice: string }[] = [
  { what: 'a DICOM file', at: 128, text: 'DICM', advice: 'export its frames as PNG' },
  { what: 'a NIfTI volume', at: 344, text: 'n+1\0', advice: 'export its slices as PNG' },
  { what: 'a NIfTI header', at: 344, text: 'ni1\0', advice: 'export its slices as PNG' },
  { what: 'a NIfTI-2 volume', at: 4, text: 'n+2\0', advice: 'export its slices as PNG' },
  { what: 'a gzip archive', at: 0, text: '\x1f\x8b', advice: 'unpack it, and export volumes as PNG slices' },
  { what: 'a ZIP archive', at: 0, text: 'PK\x03\x04', advice: 'unpack it' },
  { what: 'a GIF', at: 0, text: 'GIF8', advice: 'convert it to PNG' },
  { what: 'a WebP image', at: 8, text: 'WEBP', advice: 'convert it to PNG' },
  { what: 'a BigTIFF', at: 0, text: 'II+\0', advice: 'convert it to PNG' },
  { what: 'a BigTIFF', at: 0, text: 'MM\0+', advice: 'convert it to PNG' },
  { what: 'a HEIC or AVIF image', at: 4, text: 'ftyp', advice: 'convert it to PNG' },
  { what: 'a JPEG 2000 image', at: 4, text: 'jP  ', advice: 'convert it to PNG' },
  { what: 'a JPEG 2000 image', at: 0, text: '\xff\x4f\xff\x51', advice: 'convert it to PNG' },
  { what: 'a JPEG XL image', at: 4, text: 'JXL ', advice: 'convert it to PNG' },
  { what: 'a JPEG XL image', at: 0, text: '\xff\x0a', advice: 'convert it to PNG' },
  { what: 'a JPEG XR image', at: 0, text: 'II\xbc', advice: 'convert it to PNG' },
  {
    what: 'a Git LFS pointer',
    at: 0,
    text: 'version https://git-lfs',
    advice: 'fetch the real file with git lfs pull',
  },
];

/** Texts that stand where an image should; blanks before them do not count, nor does case. */
const TEXTS: readonly { what: string; start: RegExp; advice: string }[] = [
  { what: 'an HTML page', start: /^<(!doctype html|html|head|body|!--|script)/i, advice: 'download the image itself' },
  {
    what: 'an SVG drawing',
    start: /^(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!doctype svg[^>]*>\s*)?<svg/is,
    advice: 'export it as PNG',
  },
  { what: 'an XML text', start: /^<\?xml/i, advice: 'download the image itself' },
  { what: 'a JSON text', start: /^[{[]\s*["{[\]}]/, advice: 'download the image itself' },
];

/** What to call a file whose bytes say nothing, by its extension (DICOM without preamble, old NIfTI). */
const BY_EXTENSION: Readonly<Record<string, string>> = {
  dcm: 'a DICOM file',
  nii: 'a NIfTI volume',
  mha: 'a MetaImage volume',
};

type Format = 'png' | 'jpeg' | 'tiff' | 'bmp';

/** Whether a file is a JPEG by its first bytes. */
function isJpeg(bytes: Uint8Array): boolean {
  return startsWith(bytes, 0, '\xff\xd8\xff');
}

/** The format of a file that is read, by its first bytes. @throws FusionclipError `bad_image` */
export function formatOf(bytes: Uint8Array, name: string): Format {
  if (startsWith(bytes, 0, '\x89PNG\r\n\x1a\n')) return 'png';
  if (isJpeg(bytes)) return 'jpeg';
  if (isTiff(bytes)) return 'tiff';
  if (startsWith(bytes, 0, 'BM')) return 'bmp';
  let what = 'neither PNG, JPEG, TIFF nor BMP';
  let advice = 'convert it to PNG';
  const known = OTHER_FORMATS.find((format) => startsWith(bytes, format.at, format.text));
  const beginning = String.fromCharCode(...bytes.subarray(0, 1000))
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart();
  const text = TEXTS.find(({ start }) => start.test(beginning));
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  if (bytes.length === 0) [what, advice] = ['an empty file', 'copy it again from its source'];
  else if (startsWith(bytes, 0, '\x89PNG')) [what, advice] = ['a PNG damaged by text conversion', 'copy it as binary'];
  else if (known) [what, advice] = [known.what, known.advice];
  else if (text) [what, advice] = [text.what, text.advice];
  else if (BY_EXTENSION[extension]) [what, advice] = [BY_EXTENSION[extension], 'export its slices as PNG'];
  else if (bytes.every((byte) => byte === 0)) [what, advice] = ['a file of zeros', 'copy it again from its source'];
  throw new FusionclipError('bad_image', `${name} is ${what}; only PNG, JPEG, TIFF and BMP are read: ${advice}.`);
}

/** Whether the first bytes of a file are those of a picture that is read; 16 are enough. */
export function isPictureStart(bytes: Uint8Array): boolean {
  // Two letters alone begin many a text.
  const bmp = startsWith(bytes, 0, 'BM') && startsWith(bytes, 6, '\0\0\0\0');
  return startsWith(bytes, 0, '\x89PNG\r\n\x1a\n') || isJpeg(bytes) || isTiff(bytes) || bmp;
}

function isTiff(bytes: Uint8Array): boolean {
  return startsWith(bytes, 0, 'II*\0') || startsWith(bytes, 0, 'MM\0*');
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  if (bytes.length < at + text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Whether a file name is that of an image to be read; hidden files (`.x`, the `._x` that macOS leaves) are none. */
export function isImageName(name: string): boolean {
  return !name.startsWith('.') && IMAGE_EXTENSIONS.includes(extension(name));
}
