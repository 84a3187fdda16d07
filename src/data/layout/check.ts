import { FusionclipError } from '../../base/errors.ts';
import type { FileSystem } from '../../base/file_system.ts';
import { decodeImage } from '../decode.ts';
import type { Image } from '../image.ts';
import type { DatasetKind, LayoutName, Sample, Split } from './dataset.ts';
import { objectName } from './object_name.ts';
import { emptyClassReason, readMask } from './open.ts';
import { type Scan, scanDataset } from './scan.ts';

/** What can be wrong with a data set. `extra_mask` and `empty_mask` are warnings: training works in spite of them. */
export type ProblemKind =
  | 'broken_image'
  | 'broken_mask'
  | 'missing_mask'
  | 'size_mismatch'
  | 'lesion_in_good'
  | 'empty_class'
  | 'extra_mask'
  | 'empty_mask';

/** One thing that is wrong, with the path of the file or folder. */
export interface Problem {
  readonly kind: ProblemKind;
  readonly severity: 'error' | 'warning';
  readonly path: string;
  readonly message: string;
}

/** The report of `data check`; plain data, so that `JSON.stringify` gives all of it. */
export interface DatasetReport {
  readonly path: string;
  readonly name: string;
  readonly layout: LayoutName;
  readonly kind: DatasetKind;
  /** What prompts would call the content. */
  readonly object: string;
  readonly images: Readonly<Record<Split, { normal: number; abnormal: number }>>;
  /** Sizes of the readable images, most frequent first. */
  readonly sizes: readonly { width: number; height: number; channels: number; count: number }[];
  readonly problems: readonly Problem[];
  /** No problem is an error. */
  readonly ok: boolean;
}

/**
 * Decodes every image and mask of a data set, one at a time, and reports all that is wrong instead of stopping at the
 * first. `onProgress` is called after each image. Throws only what `scanDataset` throws: a folder that is no data set.
 */
export async function checkDataset(
  fs: FileSystem,
  path: string,
  onProgress?: (done: number, total: number) => void,
): Promise<DatasetReport> {
  const scan = await scanDataset(fs, path);
  const images = { valid: { normal: 0, abnormal: 0 }, test: { normal: 0, abnormal: 0 } };
  const sizes = new Map<string, { width: number; height: number; channels: number; count: number }>();
  const problems = await checkScan(fs, scan, onProgress, (sample, _, image) => {
    images[sample.split][sample.label === 0 ? 'normal' : 'abnormal']++;
    if (!image) return;
    const { width, height, channels } = image;
    const key = `${width}×${height}×${channels}`;
    const row = sizes.get(key) ?? { width, height, channels, count: 0 };
    row.count++;
    sizes.set(key, row);
  });
  return {
    path,
    name: scan.name,
    layout: scan.layout,
    kind: scan.kind,
    object: objectName(path),
    images,
    sizes: [...sizes.values()].sort((a, b) => b.count - a.count),
    problems,
    ok: problems.every(({ severity }) => severity === 'warning'),
  };
}

/** Gets each image of a set with the bytes of its file; both are null where they cannot be had. */
export type ImageVisitor = (
  sample: Sample,
  bytes: Uint8Array<ArrayBuffer> | null,
  image: Image | null,
) => void | Promise<void>;

/** Reads every image and mask of a scan, one after the other, and returns all that is wrong. */
export async function checkScan(
  fs: FileSystem,
  scan: Scan,
  onProgress: ((done: number, total: number) => void) | undefined,
  visit: ImageVisitor,
): Promise<Problem[]> {
  const problems = structuralProblems(scan);
  const samples = scan.classes.flatMap((c) => c.samples);
  let done = 0;
  for (const sample of samples) {
    const bytes = await attempt(() => fs.readFile(sample.path), 'broken_image', sample.path, problems);
    const decoded = async () => decodeImage(bytes!, sample.path);
    const image = bytes && (await attempt(decoded, 'broken_image', sample.path, problems));
    await visit(sample, bytes, image);
    await checkMask(fs, sample, image, problems);
    onProgress?.(++done, samples.length);
  }
  return problems;
}

/** What the folders alone show: empty classes, missing masks, masks without an image. */
function structuralProblems({ path, kind, classes }: Scan): Problem[] {
  const problems: Problem[] = [];
  for (const found of classes) {
    if (found.images.length === 0) {
      const folder = `${path}/${found.imageFolder}`;
      problems.push({ kind: 'empty_class', severity: 'error', path: folder, message: emptyClassReason(found) });
    }
    for (const sample of found.samples) {
      if (kind !== 'pixel' || sample.label !== 1 || sample.maskPath !== null) continue;
      const message = `no mask in ${found.maskFolder ?? 'anomaly_mask or label'}`;
      problems.push({ kind: 'missing_mask', severity: 'error', path: sample.path, message });
    }
    for (const mask of found.extraMasks) {
      const message = 'a mask without an image of the same name';
      problems.push({ kind: 'extra_mask', severity: 'warning', path: `${path}/${mask}`, message });
    }
  }
  return problems;
}

async function checkMask(fs: FileSystem, sample: Sample, image: Image | null, problems: Problem[]): Promise<void> {
  const { maskPath } = sample;
  if (maskPath === null) return;
  const mask = await attempt(() => readMask(fs, maskPath), 'broken_mask', maskPath, problems);
  if (!mask) return;
  if (image && (mask.width !== image.width || mask.height !== image.height)) {
    const message = `${mask.width}×${mask.height} pixels for an image of ${image.width}×${image.height}`;
    problems.push({ kind: 'size_mismatch', severity: 'error', path: maskPath, message });
  }
  const lesion = mask.data.some((value) => value > 0);
  if (lesion && sample.label === 0) {
    const message = 'a normal image with a lesion in its mask';
    problems.push({ kind: 'lesion_in_good', severity: 'error', path: maskPath, message });
  }
  if (!lesion && sample.label === 1) {
    const message = 'an abnormal image with nothing in its mask';
    problems.push({ kind: 'empty_mask', severity: 'warning', path: maskPath, message });
  }
}

/** The result of `read`, or null with a problem recorded when the file cannot be read or decoded. */
async function attempt<T>(
  read: () => Promise<T>,
  kind: ProblemKind,
  path: string,
  problems: Problem[],
): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof FusionclipError)) throw error;
    problems.push({ kind, severity: 'error', path, message: error.message });
    return null;
  }
}
