import { ruleStream } from '../../src/base/rule.ts';
import { encodePng } from '../../src/data/png.ts';
import { MemoryFileSystem } from './memory_file_system.ts';

/** Pixels to a side of a scan. */
export const SIDE = 64;

/** A picture and where its lesion is, as numbers from 0 to 255. */
export interface Picture {
  image: number[];
  mask: number[];
}

/** Something round on black, bright below and on the right, with noise; a bright lesion where it is abnormal. */
export function scan(name: string, abnormal: boolean): Picture {
  const random = ruleStream(name, 1);
  const next = (to: number) => (random(at++) / 2 ** 32) * to;
  let at = 0;
  const [cx, cy, radius] = [20 + next(24), 20 + next(24), 5 + next(4)];
  const image: number[] = [];
  const mask: number[] = [];
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const isIn = (x - 32) ** 2 + (y - 32) ** 2 < 28 ** 2;
      const lesion = abnormal && (x - cx) ** 2 + (y - cy) ** 2 < radius ** 2;
      image.push(isIn ? Math.round(10 + 2 * y + 0.4 * x + next(20) + (lesion ? 60 : 0)) : 0);
      mask.push(lesion ? 255 : 0);
    }
  }
  return { image, mask };
}

/** The file of a grey picture. */
export const png = (data: readonly number[], width = SIDE) =>
  encodePng({ width, height: data.length / width, channels: 1, data: Uint8Array.from(data) });

/** What becomes of a picture at its place in a set. */
export type Change = (picture: Picture, where: { split: string; label: string; i: number }) => Picture;
/** How a picture becomes a file. */
export type FileOf = (picture: Picture, where: { split: string; label: string; i: number }) => Uint8Array;

/** A set of `count` images of each label in each split. */
export function setOf(
  count: number,
  change: Change = (one) => one,
  file: FileOf = ({ image }) => png(image),
): MemoryFileSystem {
  const files: [string, Uint8Array<ArrayBuffer>][] = [];
  for (const split of ['valid', 'test']) {
    for (const label of ['good', 'Ungood']) {
      for (let i = 0; i < count; i++) {
        const where = { split, label, i };
        const picture = change(scan(`${split}${label}${i}`, label === 'Ungood'), where);
        files.push([`/set/${split}/${label}/img/${i}.png`, new Uint8Array(file(picture, where))]);
        if (label === 'Ungood') files.push([`/set/${split}/Ungood/label/${i}.png`, new Uint8Array(png(picture.mask))]);
      }
    }
  }
  return new MemoryFileSystem(files);
}

/** A picture with other pixels in each place. */
export const turned = (data: readonly number[], from: (x: number, y: number) => readonly [number, number]) =>
  data.map((_, k) => {
    const [x, y] = from(k % SIDE, Math.floor(k / SIDE));
    return data[SIDE * y + x];
  });
/** From left to right. */
export const mirror = (data: readonly number[]) => turned(data, (x, y) => [SIDE - 1 - x, y]);
/** By a quarter. */
export const rotate = (data: readonly number[]) => turned(data, (x, y) => [y, SIDE - 1 - x]);
