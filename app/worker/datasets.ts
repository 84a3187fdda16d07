import type { FileSystem } from '../../src/base/file_system.ts';
import { joinPath } from '../../src/base/paths.ts';
import { decodeImage } from '../../src/data/decode.ts';
import { type Dataset, type Image, resizeImage, type Sample, toRgb } from '../../src/data/index.ts';
import { openInspected } from '../../src/data/layout/check.ts';
import { inventoryLines } from '../../src/data/layout/inventory.ts';
import { dataRules } from '../../src/data/layout/rules.ts';
import type { RangeRule } from '../../src/data/range/rule.ts';
import { sliced, volumeLines } from '../../src/detect/sliced.ts';
import { PHANTOM_FAMILIES, phantom } from '../../src/phantom/phantom.ts';
import { writePhantoms } from '../../src/phantom/write.ts';
import type { RunEvent } from '../../src/run/events.ts';
import type { DataSource, DatasetFacts, FamilyPreview, GivenFile, GivenImages } from '../protocol.ts';
import type { PageFiles } from './files.ts';
import { pageWords } from './words.ts';

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

/** Pixels of the longer side of small pictures. */
export const SMALL = 128;

/** Small pictures of each class. */
const EXAMPLES = 4;

const TITLES: Readonly<Record<string, string>> = {
  brain: 'Brain MRI',
  liver: 'Liver CT',
  resc: 'Oedema OCT',
  oct2017: 'Retinal OCT',
  chest: 'Chest X-ray',
  histopathology: 'Histopathology',
};

/** A healthy and a diseased phantom of every family. */
export function familyPreviews(): FamilyPreview[] {
  return Object.values(PHANTOM_FAMILIES).map(({ name, masks }) => {
    const made = (abnormal: boolean) => toRgb(phantom(name, 1, 0, { size: SMALL, abnormal }).image);
    return { name, title: TITLES[name] ?? name, masks, healthy: made(false), diseased: made(true) };
  });
}

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

/**
 * Looks at a data set, and at every image of it: what is broken is said now and not after minutes of training.
 * @throws FusionclipError `io`, `bad_data`, `bad_image`
 */
export async function datasetFacts(
  files: PageFiles,
  path: string,
  source: DataSource,
  onProgress: (done: number, total: number) => void,
): Promise<DatasetFacts> {
  const onEvent = (event: RunEvent) => {
    if (event.type === 'stage') onProgress(event.done, event.total);
  };
  const { context, rules, set } = await sliced({ fs: files as FileSystem, onEvent }, path, dataRules());
  const { dataset, inventory, grey } = await openInspected(context.fs, path, { rules, onProgress });
  const { name, kind, object, from, images } = inventory;
  return {
    name,
    kind,
    source,
    // Nobody should train on "medical image" without a look at it.
    object: from === 'none' ? '' : object,
    counts: images,
    lines: [...(set ? volumeLines(set) : []), ...inventoryLines(inventory)].map(pageWords),
    normal: await examples(context.fs, dataset, 0, grey),
    abnormal: await examples(context.fs, dataset, 1, grey),
  };
}

async function examples(files: FileSystem, { splits }: Dataset, label: 0 | 1, grey: RangeRule): Promise<Image[]> {
  const few = splits.valid.filter((sample: Sample) => sample.label === label).slice(0, EXAMPLES);
  const images: Image[] = [];
  for (const { path } of few) images.push(fitted(decodeImage(await files.readFile(path), path, grey), SMALL));
  return images;
}

/** RGB of an image whose longer side has at most so many pixels. */
export function fitted(image: Image, side: number): Image {
  const scale = side / Math.max(image.width, image.height);
  if (scale >= 1) return toRgb(image);
  const pixels = (n: number) => Math.max(1, Math.round(n * scale));
  return resizeImage(toRgb(image), pixels(image.width), pixels(image.height));
}
