import { joinPath } from '../../src/base/paths.ts';
import { writePhantoms } from '../../src/phantom/write.ts';
import type { GivenFile, GivenImages } from '../protocol/images.ts';
import type { PageFiles } from './files.ts';

/** Where data sets lie in memory, each in a folder of its own: an old one stays until the next is known to be good. */
const DATA = '@data';
let count = 0;

/** The folder that holds a data set of {@link makePhantoms} or {@link placeImages}. */
export function placeOf(path: string): string {
  return path.split('/').slice(0, 2).join('/');
}

/** Phantoms of a set. */
const COUNTS = { train: 0, valid: 40, test: 40 } as const;

/** Pixels to a side of phantoms. */
const SIZE = 168;

/** Makes a set of phantoms; returns its path. */
export async function makePhantoms(
  files: PageFiles,
  family: string,
  seed: number,
  onProgress: (done: number, total: number) => void,
): Promise<string> {
  return writePhantoms(files, { set: family, seed, out: `${DATA}/${++count}`, size: SIZE, ...COUNTS }, onProgress);
}

/** Puts given images in place; returns the path of the data set. */
export async function placeImages(files: PageFiles, images: GivenImages): Promise<string> {
  const folder = joinPath(DATA, String(++count), images.kind === 'set' ? images.name : 'images');
  const place = (into: string, given: readonly GivenFile[]) => {
    for (const { path, blob } of given) files.memory.put(joinPath(into, path), blob);
  };
  if (images.kind === 'set') {
    await files.makeDir(folder);
    place(folder, images.files);
    return folder;
  }
  place(joinPath(folder, 'good'), images.normal);
  place(joinPath(folder, 'Ungood'), images.abnormal);
  return folder;
}
