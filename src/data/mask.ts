import { type Image, toGrey } from './image.ts';

/** How a picture is read as a mask. */
export interface MaskReading {
  /** What is no lesion. */
  readonly background: 'black' | 'white';
  /** Whether values near the background are smeared, as JPEG does: then the border is one half. */
  readonly smeared: boolean;
}

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
