import { type Image, type Raster, toGrey } from './image.ts';

/** How a picture is read as a mask. */
export interface MaskReading {
  /** What is no lesion. */
  readonly background: 'black' | 'white';
  /** Whether values near the background are smeared, as JPEG does: then the border is one half. */
  readonly smeared: boolean;
}

/** More values than a mask has names for: what lies between black and white then comes of smoothing. */
const MOST_CODES = 16;

/**
 * A lesion mask of any picture: one channel, 255 on the lesion and 0 elsewhere. On a black background every non-zero
 * grey value is lesion, on a white one every value that is not white. A pixel that cannot be seen (alpha 0) is none; where
 * all that can be seen has one colour, alpha alone tells what is lesion, whatever the colour.
 */
export function maskOf(image: Image, { background, smeared }: MaskReading): Image {
  const { width, height, data, channels } = image;
  const grey = toGrey(image).data;
  const white = background === 'white';
  const border = smeared ? 128 : white ? 255 : 1;
  const lesion = (value: number) => (white ? value < border : value >= border);
  const out = new Uint8Array(grey.length);
  if (channels !== 4 || !variesInAlpha(data)) {
    for (let i = 0; i < out.length; i++) out[i] = lesion(grey[i]) ? 255 : 0;
  } else if (isOneColour(data)) {
    for (let i = 0; i < out.length; i++) out[i] = data[4 * i + 3] > 0 !== white ? 255 : 0;
  } else {
    for (let i = 0; i < out.length; i++) out[i] = data[4 * i + 3] > 0 && lesion(grey[i]) ? 255 : 0;
  }
  return { width, height, channels: 1, data: out };
}

/** A lesion mask of what has one of some values, in numbers of the file; of colours their luma. What cannot be seen is none. */
export function maskOfValues(raster: Raster, values: readonly number[]): Image {
  const { width, height, channels, data } = raster;
  const grey = rawGrey(raster);
  const wanted = new Set(values);
  const seen = (i: number) => channels !== 4 || data[4 * i + 3] > 0;
  return {
    width,
    height,
    channels: 1,
    data: Uint8Array.from(grey, (value, i) => (wanted.has(value) && seen(i) ? 255 : 0)),
  };
}

/** The values of a mask beside its background, in numbers of the file, ascending; null where they are too many to be codes. */
export function maskCodes(raster: Raster, background: MaskReading['background']): readonly number[] | null {
  const { channels, data } = raster;
  const grey = rawGrey(raster);
  const found = new Set<number>();
  let last = Number.NaN;
  for (let i = 0; i < grey.length && found.size <= MOST_CODES + 1; i++) {
    if (grey[i] === last || (channels === 4 && data[4 * i + 3] === 0)) continue;
    last = grey[i];
    found.add(last);
  }
  found.delete(background === 'black' ? 0 : Math.max(...found));
  return found.size > MOST_CODES ? null : [...found].sort((a, b) => a - b);
}

/** Whether a mask was smoothed or went through a JPEG: more levels than codes, up to what is nearly its lesions' own. */
export function isSmeared(image: Image, background: MaskReading['background']): boolean {
  const levels = new Set(toGrey(image).data);
  const far = background === 'black' ? Math.max(...levels) >= 224 : Math.min(...levels) < 32;
  return far && [...levels].filter((level) => level > 0 && level < 255).length > MOST_CODES;
}

/** Share of pixels between black and white that no smearing of borders makes. */
const BETWEEN = 1 / 3;

/** Whether what is given as a mask is a picture: many levels, and many pixels that have one of them. */
export function isPicture(image: Image): boolean {
  const grey = toGrey(image).data;
  const between = grey.filter((level) => level >= 16 && level < 240);
  return between.length > BETWEEN * grey.length && new Set(between).size > MOST_CODES;
}

/** Luma in numbers of the file; samples of less than 8 bits are not spread. */
function rawGrey({ width, height, channels, data, bits }: Raster): ArrayLike<number> & Iterable<number> {
  const grey =
    channels === 1
      ? data
      : Float64Array.from({ length: width * height }, (_, i) =>
          Math.floor(
            (19595 * data[channels * i] + 38470 * data[channels * i + 1] + 7471 * data[channels * i + 2]) / 65536 + 0.5,
          ),
        );
  const spread = bits < 8 ? 255 / (2 ** bits - 1) : 1;
  return spread === 1 ? grey : Float64Array.from(grey, (value) => Math.round(value / spread));
}

/** Whether some pixels can be seen and some cannot. */
function variesInAlpha(rgba: Uint8Array): boolean {
  let seen = false;
  let unseen = false;
  for (let i = 3; i < rgba.length; i += 4) {
    if (rgba[i] > 0) seen = true;
    else unseen = true;
  }
  return seen && unseen;
}

/** Whether all pixels that can be seen have one colour. */
function isOneColour(rgba: Uint8Array): boolean {
  let first = -1;
  for (let i = 0; i < rgba.length; i += 4) {
    if (rgba[i + 3] === 0) continue;
    if (first < 0) first = i;
    if (rgba[i] !== rgba[first] || rgba[i + 1] !== rgba[first + 1] || rgba[i + 2] !== rgba[first + 2]) return false;
  }
  return true;
}

/** Pixels that are lesion in any of several masks of one size. */
export function unitedMask(masks: readonly Image[]): Image {
  const [first, ...others] = masks;
  if (others.length === 0) return first;
  const data = first.data.slice();
  for (const other of others) for (let i = 0; i < data.length; i++) data[i] |= other.data[i];
  return { ...first, data };
}
