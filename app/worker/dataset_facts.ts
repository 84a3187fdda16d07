import { FusionclipError } from '../../src/base/errors.ts';
import type { FileSystem } from '../../src/base/file_system.ts';
import { decodeImage } from '../../src/data/decode.ts';
import { type Dataset, type Image, resizeImage, toRgb } from '../../src/data/index.ts';
import type { InspectedSets } from '../../src/data/layout/inspected.ts';
import { inventoryLines } from '../../src/data/layout/inventory.ts';
import type { Decoders } from '../../src/data/layout/read_scan.ts';
import { dataRules } from '../../src/data/layout/rules.ts';
import type { RangeRule } from '../../src/data/range/rule.ts';
import { sampleShots } from '../../src/data/shots.ts';
import { sliced, volumeLines } from '../../src/detect/sliced.ts';
import type { RunEvent } from '../../src/run/events.ts';
import type { DataSource, DatasetFacts } from '../protocol/images.ts';
import type { SupportChoice } from '../protocol/training.ts';
import type { PageFiles } from './files.ts';
import { SMALL } from './previews.ts';
import { waivedBy } from './waived.ts';
import { pageWords } from './words.ts';

/** A data set that is ready. */
export interface OpenedData {
  readonly path: string;
  readonly facts: DatasetFacts;
  readonly dataset: Dataset;
  /** What its files are read from. */
  readonly fs: FileSystem;
  readonly grey: RangeRule;
}

/**
 * Looks at a data set, and at every image of it: what is broken is said now and not after minutes of training.
 * @throws FusionclipError `io`, `bad_data`, `bad_image`
 */
export async function openDataset(
  files: PageFiles,
  path: string,
  source: DataSource,
  inspected: InspectedSets,
  onProgress: (done: number, total: number) => void,
  decoders: Decoders,
): Promise<OpenedData> {
  const onEvent = (event: RunEvent) => {
    if (event.type === 'stage') onProgress(event.done, event.total);
  };
  const { context, rules, set } = await sliced({ fs: files as FileSystem, onEvent }, path, dataRules(waivedBy(source)));
  const { dataset, inventory, grey } = await inspected.open(context.fs, path, { rules, onProgress, decoders });
  const { name, kind, object, from, images } = inventory;
  const facts: DatasetFacts = {
    name,
    kind,
    source,
    // Nobody should train on "medical image" without a look at it.
    object: from === 'none' ? '' : object,
    counts: images,
    lines: [...(set ? volumeLines(set) : []), ...inventoryLines(inventory)].map(pageWords),
  };
  return { path, facts, dataset, fs: context.fs, grey };
}

/** The images that can be learned from, in the order in which a training draws them. */
export function drawOrder({ dataset }: OpenedData, seed: number): SupportChoice {
  const count = (label: 0 | 1) => dataset.splits.valid.filter((sample) => sample.label === label).length;
  const { normal, abnormal } = sampleShots(dataset, count(0), count(1), seed);
  return { normal: normal.map(({ id }) => id), abnormal: abnormal.map(({ id }) => id) };
}

/** An image to learn from, small. @throws FusionclipError `io`, `bad_image` */
export async function smallPicture({ dataset, fs, grey }: OpenedData, id: string): Promise<Image> {
  const sample = dataset.splits.valid.find((each) => each.id === id);
  if (!sample) throw new FusionclipError('io', `The image ${id} is not among those at hand.`);
  const { path } = sample;
  return fitted(decodeImage(await fs.readFile(path), path, grey), SMALL);
}

/** RGB of an image whose longer side has at most so many pixels. */
export function fitted(image: Image, side: number): Image {
  const scale = side / Math.max(image.width, image.height);
  if (scale >= 1) return toRgb(image);
  const pixels = (n: number) => Math.max(1, Math.round(n * scale));
  return resizeImage(toRgb(image), pixels(image.width), pixels(image.height));
}
