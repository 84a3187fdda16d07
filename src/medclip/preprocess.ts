import { type Image, toGrey } from '../data/image.ts';

/** Mean of MedCLIP's training images on [0, 1]; they are grey. */
export const MEDCLIP_MEAN = 0.5862785803043838;

/** Standard deviation of MedCLIP's training images on [0, 1]. */
export const MEDCLIP_STD = 0.27950088968644304;

/**
 * Grey values in the middle of a black square, as MedCLIP frames its images.
 * @param least smallest side of the square; smaller images are not enlarged
 */
export function squareGrey(image: Image, least: number): Image {
  const { width, height, data } = toGrey(image);
  const { side, left, top } = squareOf(image, least);
  const out = new Uint8Array(side * side);
  for (let y = 0; y < height; y++) {
    out.set(data.subarray(y * width, (y + 1) * width), (top + y) * side + left);
  }
  return { width: side, height: side, channels: 1, data: out };
}

/** The side of the square that {@link squareGrey} makes of an image, and where in it the image begins, in pixels. */
export function squareOf({ width, height }: Size, least: number): { side: number; left: number; top: number } {
  const side = Math.max(least, width, height);
  return { side, left: Math.floor((side - width) / 2), top: Math.floor((side - height) / 2) };
}

type Size = Pick<Image, 'width' | 'height'>;

/** (x − mean) / deviation of the first channel, three times, [3, height, width]; every step rounded to float32. */
export function medClipInput({ width, height, channels, data }: Image): Float32Array<ArrayBuffer> {
  const values = Float32Array.from({ length: 256 }, (_, byte) => normaliseMedClip(Math.fround(byte / 255)));
  const plane = width * height;
  const out = new Float32Array(3 * plane);
  for (let i = 0; i < plane; i++) out[i] = values[data[i * channels]];
  out.copyWithin(plane, 0, plane);
  out.copyWithin(2 * plane, 0, plane);
  return out;
}

/** A float32 value in [0, 1] as the towers take it. */
export function normaliseMedClip(value: number): number {
  return Math.fround(Math.fround(value - Math.fround(MEDCLIP_MEAN)) / Math.fround(MEDCLIP_STD));
}
