import { FusionclipError } from '../../base/errors.ts';
import type { FileSystem } from '../../base/file_system.ts';
import { decodeImage, decodeMask } from '../decode.ts';
import type { Image } from '../image.ts';
import type { Dataset, Sample, Split } from './dataset.ts';
import { type Scan, type ScannedClass, scanDataset } from './scan.ts';

/**
 * Opens a data set for training and evaluation: every arrangement of `scanDataset`, complete.
 *
 * Throws what `scanDataset` throws, and `FusionclipError('bad_data')` when a class of a split has no image or, in a
 * pixel set, an abnormal image has no mask.
 */
export async function openDataset(fs: FileSystem, path: string, splitSeed = 0): Promise<Dataset> {
  const scan = await scanDataset(fs, path, splitSeed);
  requireMasks(scan);
  const splits = { valid: samplesOf(scan, 'valid'), test: samplesOf(scan, 'test') };
  return { name: scan.name, path, layout: scan.layout, kind: scan.kind, splits };
}

/** Reads the image of a sample; throws `FusionclipError('io')` or `('bad_image')`. */
export async function readSample(fs: FileSystem, sample: Sample): Promise<Image> {
  return decodeImage(await fs.readFile(sample.path), sample.path);
}

/** Reads a mask: one channel, 255 on the lesion and 0 elsewhere. What counts as lesion is said at `decodeMask`. */
export async function readMask(fs: FileSystem, path: string): Promise<Image> {
  return decodeMask(await fs.readFile(path), path);
}

/** Why a class without images is empty, for messages. */
export function emptyClassReason(found: ScannedClass): string {
  const others = Object.entries(found.otherFiles).sort(([, a], [, b]) => b - a)[0];
  if (!others) return 'it holds no PNG or JPEG image';
  return `it holds no PNG or JPEG image but ${others[1]} file${others[1] === 1 ? '' : 's'} of type .${others[0]}`;
}

function samplesOf({ path, classes }: Scan, split: Split): Sample[] {
  const samples = classes.flatMap((c) => c.samples.filter((sample) => sample.split === split));
  for (const label of [0, 1]) {
    if (samples.some((sample) => sample.label === label)) continue;
    const what = label === 0 ? 'normal' : 'abnormal';
    const empty = classes.find((c) => c.label === label && c.splits.includes(split) && c.samples.length === 0);
    throw new FusionclipError(
      'bad_data',
      empty
        ? `${path}/${empty.imageFolder} should hold the ${what} images of the ${split} split, but ${emptyClassReason(empty)}; put images there.`
        : `${path} has too few ${what} images to divide them between valid and test; put at least two there.`,
    );
  }
  return samples.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function requireMasks({ kind, classes, path }: Scan): void {
  if (kind !== 'pixel') return;
  for (const found of classes) {
    const without = found.label === 1 ? found.samples.filter((sample) => sample.maskPath === null) : [];
    if (without.length === 0) continue;
    const more = without.length === 1 ? '' : ` (and ${without.length - 1} more)`;
    const where = found.maskFolder
      ? `in ${path}/${found.maskFolder}`
      : 'because there is no folder anomaly_mask or label beside img';
    throw new FusionclipError(
      'bad_data',
      `The abnormal image ${without[0].path}${more} has no mask ${where}; add a mask of the same name, or remove the image.`,
    );
  }
}
