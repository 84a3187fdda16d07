import type { Image } from '../data/image.ts';
import { encodePng } from '../data/png.ts';
import { resizeImage } from '../data/resize.ts';

/** The longer side of a picture in a report, in pixels: what a gallery shows, at twice the density. */
const SIDE = 240;

/** A picture as a data URL, not larger than a gallery shows it. */
export function dataUrl(image: Image): string {
  const scale = Math.min(1, SIDE / Math.max(image.width, image.height));
  const [width, height] = [image.width, image.height].map((side) => Math.max(1, Math.round(side * scale)));
  return `data:image/png;base64,${base64(encodePng(scale < 1 ? resizeImage(image, width, height) : image))}`;
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}
