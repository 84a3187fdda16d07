import { rulePicture } from '../../src/data/picture.ts';
import { encodePng } from '../../src/data/png.ts';
import { MemoryFileSystem } from './memory_file_system.ts';

/** A PNG picture of 12×10 pixels from black to white (or its mask) that depends on the name. */
export function picture(name: string, lesions = 0): { image: Uint8Array; mask: Uint8Array } {
  const { image, mask } = rulePicture(name, 1, 12, 10, 1, lesions);
  const [low, high] = [Math.min(...image.data), Math.max(...image.data)];
  const data = image.data.map((value) => Math.round((255 * (value - low)) / (high - low)));
  return { image: encodePng({ ...image, data }), mask: encodePng(mask) };
}

/** A BMAD localisation set at `/Brain_AD` with `count` normal and abnormal images in each split. */
export function pixelSet(count = 3, maskFolder = 'anomaly_mask'): MemoryFileSystem {
  const files: [string, Uint8Array][] = [];
  for (const split of ['valid', 'test']) {
    for (let i = 0; i < count; i++) {
      const { image, mask } = picture(`${split}.${i}`, 1);
      files.push([`/Brain_AD/${split}/good/img/n${i}.png`, picture(`${split}.good.${i}`).image]);
      files.push([`/Brain_AD/${split}/Ungood/img/a${i}.png`, image]);
      files.push([`/Brain_AD/${split}/Ungood/${maskFolder}/a${i}.png`, mask]);
    }
  }
  return new MemoryFileSystem(files);
}

/** A BMAD image-level set at `/Chest_AD`. */
export function imageSet(normal = 5, abnormal = 4): MemoryFileSystem {
  const names = (split: string) => [
    ...Array.from({ length: normal }, (_, i) => `/Chest_AD/${split}/good/n${i}.png`),
    ...Array.from({ length: abnormal }, (_, i) => `/Chest_AD/${split}/Ungood/a${i}.JPEG`),
  ];
  return new MemoryFileSystem([...names('valid'), ...names('test')].map((name) => [name, picture(name).image]));
}

/** A folder without splits at `/mine`: `good`, two kinds of defects, and masks for them when asked. */
export function plainSet(count = 4, truth = false): MemoryFileSystem {
  const { image, mask } = picture('plain', 1);
  const files: [string, Uint8Array][] = [];
  for (let i = 0; i < count; i++) {
    files.push([`/mine/good/${i}.png`, image], [`/mine/cut/${i}.png`, image], [`/mine/hole/${i}.jpg`, image]);
    if (truth) files.push([`/mine/ground_truth/cut/${i}_mask.png`, mask], [`/mine/ground_truth/hole/${i}.png`, mask]);
  }
  return new MemoryFileSystem(files);
}
