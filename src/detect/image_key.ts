import { fnv1a32 } from '../base/rule.ts';
import type { Image } from '../data/image.ts';

/** Tells an image at the model's size again. */
export function imageHash({ width, height, data }: Image): string {
  return `${width}x${height}:${fnv1a32(data).toString(16).padStart(8, '0')}`;
}

/** Tells an image at the model's size again; 64 bits, so that no two of a hospital agree by chance. Begins with its {@link imageHash}. */
export function imageKey(image: Image): string {
  let hash = 0x9e3779b1;
  for (const byte of image.data) {
    hash = Math.imul(hash ^ byte, 0x85ebca6b);
    hash ^= hash >>> 13;
  }
  return `${imageHash(image)}.${(hash >>> 0).toString(16).padStart(8, '0')}`;
}
