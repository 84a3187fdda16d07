import { preprocess, preprocessMask } from '../../src/clip/preprocess.ts';
import { rulePicture } from '../../src/data/picture.ts';

/** Preprocessed pictures of the rule, one after the other. */
export interface Pictures {
  readonly count: number;
  /** [count, 3, size, size] */
  readonly images: Float32Array<ArrayBuffer>;
  /** [count, size, size] of 0 and 1 */
  readonly masks: Float32Array<ArrayBuffer>;
  /** [count], 1 = with lesions */
  readonly labels: Float32Array<ArrayBuffer>;
}

/** Name and number of lesions of the support (4 normal, then 4 abnormal) and test pictures of the golden results. */
export const SUPPORT: readonly [string, number][] = [
  ...[0, 1, 2, 3].map((i): [string, number] => [`support.normal.${i}`, 0]),
  ...[0, 1, 2, 3].map((i): [string, number] => [`support.abnormal.${i}`, 1 + (i % 2)]),
];
export const TEST: readonly [string, number][] = [0, 1, 2, 3, 4, 5].map((i) => [`test.${i}`, i < 3 ? 0 : 1 + (i % 2)]);

/** 64×64 pictures through one preprocessing variant; masks by nearest neighbour. */
export function pictures(
  list: readonly [string, number][],
  seed: number,
  size: number,
  variant: 'winclip' | 'mvfa',
): Pictures {
  const images = new Float32Array(list.length * 3 * size * size);
  const masks = new Float32Array(list.length * size * size);
  list.forEach(([name, lesions], i) => {
    const { image, mask } = rulePicture(name, seed, 64, 64, 3, lesions);
    images.set(preprocess(image, variant, size), i * 3 * size * size);
    masks.set(preprocessMask(mask, variant, size), i * size * size);
  });
  return { count: list.length, images, masks, labels: Float32Array.from(list, ([, lesions]) => (lesions > 0 ? 1 : 0)) };
}
