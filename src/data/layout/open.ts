import { FusionclipError } from '../../base/errors.ts';
import type { FileSystem } from '../../base/file_system.ts';
import { decodeImage, decodeStoredMask, type StoredMask } from '../decode.ts';
import type { Image } from '../image.ts';
import { unitedMask } from '../mask.ts';
import { turned } from '../orientation.ts';
import type { RangeRule } from '../range/rule.ts';
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

/** What has to be known of an image to lay a mask over it. */
export type MaskedImage = Pick<Image, 'width' | 'height' | 'orientation'>;

/** The samples of a scan by split, in code-unit order. */
export function datasetOf({ name, path, layout, kind, classes }: Scan): Dataset {
  const samplesOf = (split: Split) =>
    classes.flatMap((c) => c.samples.filter((sample) => sample.split === split)).sort((a, b) => (a.id < b.id ? -1 : 1));
  return { name, path, layout, kind, splits: { valid: samplesOf('valid'), test: samplesOf('test') } };
}

/** Reads the image of a sample, with values as a rule says; throws `FusionclipError('io')` or `('bad_image')`. */
export async function readSample(fs: FileSystem, sample: Sample, rule?: RangeRule): Promise<Image> {
  return decodeImage(await fs.readFile(sample.path), sample.path, rule);
}

/**
 * Reads a lesion: one channel, 255 where any of its masks says so and 0 elsewhere. What counts as lesion is said at
 * `maskOf`, and how a mask is turned at `asShown`. Throws `FusionclipError('io')`, `('bad_image')`, and `('bad_data')` for
 * masks of different sizes and where nothing tells whether a mask is turned.
 * @param image that it is a mask of
 * @param look gets each of the masks
 */
export async function readMask(
  fs: FileSystem,
  files: MaskFiles,
  image: MaskedImage | null = null,
  look: (mask: StoredMask) => void = () => {},
): Promise<Image> {
  const { paths, orientation = 'auto' } = files;
  const masks: Image[] = [];
  for (const path of paths) {
    const stored = decodeStoredMask(await fs.readFile(path), path, files);
    look(stored);
    const mask = image ? asShown(stored, image, orientation, path) : turned(stored.image, stored.orientation ?? 1);
    const [first = mask] = masks;
    if (mask.width !== first.width || mask.height !== first.height) {
      const sizes = `${mask.width}×${mask.height} and ${first.width}×${first.height} pixels`;
      throw new FusionclipError('bad_data', `${path} and ${paths[0]} are masks of one image, but have ${sizes}.`);
    }
    masks.push(mask);
  }
  return unitedMask(masks);
}

/**
 * A mask as it lies over its image. A mask whose file says its orientation is turned by that. One that says nothing may be
 * drawn over the image as it is shown, or over the pixels as they are stored: its size tells, else `orientation`.
 */
function asShown(
  { image: mask, orientation: own }: StoredMask,
  image: MaskedImage,
  orientation: 'auto' | 'shown' | 'stored',
  path: string,
): Image {
  const fits = (one: Image) => one.width === image.width && one.height === image.height;
  if (own !== null) {
    const shown = turned(mask, own);
    return fits(shown) || !fits(mask) ? shown : mask;
  }
  const turn = image.orientation ?? 1;
  if (turn === 1) return mask;
  const asStored = turned(mask, turn);
  if (fits(mask) !== fits(asStored)) return fits(mask) ? mask : asStored;
  if (orientation !== 'auto' || !fits(mask)) return orientation === 'stored' ? asStored : mask;
  throw new FusionclipError(
    'bad_data',
    `${path}: its image is turned by the orientation that its file says (${turn}), and nothing tells whether ` +
      'the mask is; say whether masks lie over images as they are shown or as they are stored with --mask.orientation shown or stored.',
  );
}
