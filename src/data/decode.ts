import { FusionclipError } from '../base/errors.ts';
import { extension } from '../base/paths.ts';
import { type Image, toGrey } from './image.ts';
import { decodeJpeg } from './jpeg.ts';
import { decodePng } from './png.ts';

/** Pictures above this are refused (400 MB as RGBA); the largest BMAD image has 1 megapixel. */
const MAX_PIXELS = 100_000_000;

/** Extensions of the files that are taken for images, in lower case. */
export const IMAGE_EXTENSIONS: readonly string[] = ['png', 'jpg', 'jpeg'];

/**
 * Decodes a PNG or JPEG file by its first bytes, whatever its name says; `name` is only for messages.
 * What each format becomes is written at `decodePng` and `decodeJpeg`.
 * Throws `FusionclipError('bad_image')` for a damaged file and for any other format.
 */
export function decodeImage(bytes: Uint8Array, name: string): Image {
  return decode(bytes, name, false);
}

/**
 * Decodes a lesion mask: one channel, 255 on the lesion and 0 elsewhere. Every non-zero grey value is lesion, because
 * BMAD's masks come in several encodings (0/255, class codes 1, 2, 4, and class codes through a colour map, whose lowest
 * class is a dark grey that a threshold at one half would lose). Only in a JPEG, whose compression smears small values
 * around every edge, the threshold is one half.
 * Throws `FusionclipError('bad_image')` as `decodeImage` does.
 */
export function decodeMask(bytes: Uint8Array, name: string): Image {
  const grey = toGrey(decode(bytes, name, true));
  const least = sniff(bytes, name) === 'jpeg' ? 128 : 1;
  return { ...grey, data: grey.data.map((value) => (value >= least ? 255 : 0)) };
}

function decode(bytes: Uint8Array, name: string, keepNonZero: boolean): Image {
  const format = sniff(bytes, name);
  try {
    return format === 'png' ? decodePng(bytes, MAX_PIXELS, keepNonZero) : decodeJpeg(bytes, MAX_PIXELS);
  } catch (cause) {
    // Our own checks throw plain errors; a TypeError comes from jpeg-js following nonsense, and would say nothing.
    const reason = cause instanceof Error && cause.name === 'Error' ? cause.message : 'its data contradict themselves';
    throw new FusionclipError(
      'bad_image',
      `${name}: this ${format.toUpperCase()} file is damaged (${reason}); copy it again from its source or remove it.`,
      { cause },
    );
  }
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
  { what: 'a TIFF', at: 0, text: 'II*\0', advice: 'convert it to PNG' },
  { what: 'a TIFF', at: 0, text: 'MM\0*', advice: 'convert it to PNG' },
  { what: 'a BMP', at: 0, text: 'BM', advice: 'convert it to PNG' },
  { what: 'a HEIC or AVIF image', at: 4, text: 'ftyp', advice: 'convert it to PNG' },
  { what: 'a JPEG 2000 image', at: 4, text: 'jP  ', advice: 'convert it to PNG' },
  {
    what: 'a Git LFS pointer',
    at: 0,
    text: 'version https://git-lfs',
    advice: 'fetch the real file with git lfs pull',
  },
  { what: 'an HTML page', at: 0, text: '<!DOCTYPE', advice: 'download the image again' },
  { what: 'an HTML page', at: 0, text: '<html', advice: 'download the image again' },
];

/** What to call a file whose bytes say nothing, by its extension (DICOM without preamble, old NIfTI). */
const BY_EXTENSION: Readonly<Record<string, string>> = {
  dcm: 'a DICOM file',
  nii: 'a NIfTI volume',
  mha: 'a MetaImage volume',
};

function sniff(bytes: Uint8Array, name: string): 'png' | 'jpeg' {
  if (startsWith(bytes, 0, '\x89PNG\r\n\x1a\n')) return 'png';
  if (startsWith(bytes, 0, '\xff\xd8\xff')) return 'jpeg';
  let what = `neither PNG nor JPEG`;
  let advice = 'convert it to PNG';
  const known = OTHER_FORMATS.find((format) => startsWith(bytes, format.at, format.text));
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  if (bytes.length === 0) [what, advice] = ['an empty file', 'copy it again from its source'];
  else if (startsWith(bytes, 0, '\x89PNG')) [what, advice] = ['a PNG damaged by text conversion', 'copy it as binary'];
  else if (known) [what, advice] = [known.what, known.advice];
  else if (BY_EXTENSION[extension]) [what, advice] = [BY_EXTENSION[extension], 'export its slices as PNG'];
  throw new FusionclipError('bad_image', `${name} is ${what}; only PNG and JPEG are read: ${advice}.`);
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
