import { serverOf } from '../base/address.ts';
import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { baseName, extension, joinPath } from '../base/paths.ts';
import { isImageName } from '../data/decode.ts';
import { isMaskFolder } from '../data/layout/words.ts';
import { isDicom } from '../dicom/part10.ts';
import { nameBelow } from './collect.ts';
import { shownAs } from './shown_as.ts';
import { Skips } from './skips.ts';
import { openSliceSet, type SliceSet } from './slice_set.ts';
import type { SliceRules } from './sliced_volume.ts';

/** Folders below which is looked for volumes. */
const MOST_LEVELS = 8;

/**
 * Whether a folder holds volumes and not pictures: the first file that is either decides. Pictures in mask folders are no images.
 * @param skip patterns of what is left out
 */
export async function holdsVolumes(fs: FileSystem, root: string, skip: readonly string[] = []): Promise<boolean> {
  if ((await fs.stat(root))?.kind !== 'directory') return false;
  const skips = new Skips(skip);
  return (await firstKind(fs, root, 0, (path) => skips.has(nameBelow(root, path)))) === 'volume';
}

/**
 * Whether a file begins as DICOM files do. One of the disk that cannot be read does not: whoever reads it says so. What a server does not give is no
 * matter of one file.
 */
export async function beginsAsDicom(fs: FileSystem, path: string): Promise<boolean> {
  try {
    return isDicom(await fs.readRange(path, 0, 256));
  } catch (error) {
    if (error instanceof FusionclipError && error.code === 'io' && serverOf(path) === null) return false;
    throw error;
  }
}

async function firstKind(
  fs: FileSystem,
  folder: string,
  level: number,
  isSkipped: (path: string) => boolean,
): Promise<'volume' | 'picture' | null> {
  const entries = (await fs.list(folder)).filter(
    ({ name }) => !name.startsWith('.') && !isSkipped(joinPath(folder, name)),
  );
  for (const { name, kind } of entries) {
    if (kind !== 'file') continue;
    const path = joinPath(folder, name);
    if (isImageName(name)) return 'picture';
    if (/\.(nii|hdr)(\.gz)?$/i.test(name)) return 'volume';
    if (['', 'dcm', 'dicom', 'ima'].includes(extension(name)) || /^\d+$/.test(extension(name))) {
      if (await beginsAsDicom(fs, path)) return 'volume';
    }
  }
  for (const { name, kind, link } of entries) {
    if (kind !== 'directory' || link || level >= MOST_LEVELS || isMaskFolder(name)) continue;
    const found = await firstKind(fs, joinPath(folder, name), level + 1, isSkipped);
    if (found) return found;
  }
  return null;
}

/** A file system in which a folder of volumes is a folder of their slices, and what that folder holds. */
export interface SlicedFiles {
  readonly fs: FileSystem;
  readonly set: SliceSet;
}

/**
 * The file system with the folder `root` shown as a data set of slices: `good/img`, `Ungood/img` and `Ungood/anomaly_mask`, in
 * `valid` and `test` where it has these. All else is as it was. Null where the folder holds no volumes.
 * @throws FusionclipError as `openSliceSet`
 */
export async function slicedFiles(
  fs: FileSystem,
  root: string,
  rules: SliceRules,
  onProgress?: (done: number, total: number) => void,
): Promise<SlicedFiles | null> {
  if (!(await holdsVolumes(fs, root, rules.skip))) return null;
  const whole = fs.absolutePath ? await fs.absolutePath(root) : root;
  // An address says nothing of an organ.
  const words = serverOf(root) === null ? baseName(whole) : '';
  const set = await openSliceSet(fs, root, rules, words, onProgress);
  return { fs: shownAs(fs, root, set.files), set };
}
