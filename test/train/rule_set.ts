import { rulePicture } from '../../src/data/picture.ts';
import { encodePng } from '../../src/data/png.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';

/** A rule picture of 40×40 pixels with two black and two white ones, so that it uses more than a quarter of the grey levels. */
export function greyPicture(name: string, lesions: number): ReturnType<typeof rulePicture> {
  const made = rulePicture(name, 5, 40, 40, 3, lesions);
  made.image.data.fill(0, 0, 6).fill(255, made.image.data.length - 6);
  return made;
}

/** A data set of rule pictures, 40×40, with `count` normal and abnormal images in each split, at `/Brain_AD`. */
export function ruleSet(kind: 'pixel' | 'image' = 'pixel', count = 4): MemoryFileSystem {
  const files: [string, Uint8Array][] = [];
  for (const split of ['valid', 'test']) {
    for (const [name, lesions] of [
      ['good', 0],
      ['Ungood', 2],
    ] as const) {
      for (let i = 0; i < count; i++) {
        const { image, mask } = greyPicture(`${split}.${name}.${i}`, lesions);
        const folder = `/Brain_AD/${split}/${name}`;
        files.push([`${folder}/${kind === 'pixel' ? 'img/' : ''}${i}.png`, encodePng(image)]);
        if (kind === 'pixel' && lesions) files.push([`${folder}/anomaly_mask/${i}.png`, encodePng(mask)]);
      }
    }
  }
  return new MemoryFileSystem(files);
}
