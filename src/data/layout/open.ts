import { FusionclipError } from '../../base/errors.ts';
import type { FileSystem } from '../../base/file_system.ts';
import { decodeImage, decodeMask } from '../decode.ts';
import type { Image } from '../image.ts';
import { unitedMask } from '../mask.ts';
import type { Dataset, MaskFiles, Sample, Split } from './dataset.ts';
import { requireSound } from './problem.ts';
import type { DataRules } from './rules.ts';
import { scanDataset } from './scan.ts';
import type { Scan } from './scanned.ts';

/**
 * Opens a data set by the names of its files alone: every arrangement of `scanDataset`, complete.
 *
 * Throws what `scanDataset` throws, and `FusionclipError('bad_data')` for whatever names show to be wrong or open: a class
 * of a split without images, an abnormal image without a mask in a pixel set, folders that may or may not be classes.
 */
export async function openDataset(fs: FileSystem, path: string, rules: Partial<DataRules> = {}): Promise<Dataset> {
  const scan = await scanDataset(fs, path, rules);
  requireSound(path, scan.problems);
  return datasetOf(scan);
}

/** The samples of a scan by split, in code-unit order. */
export function datasetOf({ name, path, layout, kind, classes }: Scan): Dataset {
  const samplesOf = (split: Split) =>
    classes.flatMap((c) => c.samples.filter((sample) => sample.split === split)).sort((a, b) => (a.id < b.id ? -1 : 1));
  return { name, path, layout, kind, splits: { valid: samplesOf('valid'), test: samplesOf('test') } };
}

/** Reads the image of a sample; throws `FusionclipError('io')` or `('bad_image')`. */
export async function readSample(fs: FileSystem, sample: Sample): Promise<Image> {
  return decodeImage(await fs.readFile(sample.path), sample.path);
}

/**
 * Reads a lesion: one channel, 255 where any of its masks says so and 0 elsewhere. What counts as lesion is said at
 * `maskOf`. Throws `FusionclipError('io')`, `('bad_image')`, and `('bad_data')` for masks of different sizes.
 */
export async function readMask(fs: FileSystem, { paths, background }: MaskFiles): Promise<Image> {
  const masks: Image[] = [];
  for (const path of paths) {
    const mask = decodeMask(await fs.readFile(path), path, background);
    const [first = mask] = masks;
    if (mask.width !== first.width || mask.height !== first.height) {
      const sizes = `${mask.width}×${mask.height} and ${first.width}×${first.height} pixels`;
      throw new FusionclipError('bad_data', `${path} and ${paths[0]} are masks of one image, but have ${sizes}.`);
    }
    masks.push(mask);
  }
  return unitedMask(masks);
}
