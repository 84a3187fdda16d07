import type { FileSystem } from '../../src/base/file_system.ts';
import { decodeImage } from '../../src/data/decode.ts';
import { type Dataset, type Image, resizeImage, type Sample, toRgb } from '../../src/data/index.ts';
import { openInspected } from '../../src/data/layout/check.ts';
import { inventoryLines } from '../../src/data/layout/inventory.ts';
import { dataRules } from '../../src/data/layout/rules.ts';
import type { RangeRule } from '../../src/data/range/rule.ts';
import { sliced, volumeLines } from '../../src/detect/sliced.ts';
import type { RunEvent } from '../../src/run/events.ts';
import type { DataSource, DatasetFacts } from '../protocol.ts';
import type { PageFiles } from './files.ts';
import { SMALL } from './previews.ts';
import { pageWords } from './words.ts';

/** Small pictures of each class. */
const EXAMPLES = 4;

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
