import type { Entry, FileSystem } from '../base/file_system.ts';
import { baseName, extension, joinPath } from '../base/paths.ts';
import { isImageName } from '../data/decode.ts';
import { isMaskFolder } from '../data/layout/words.ts';
import { isDicom } from '../dicom/part10.ts';
import { openSliceSet, type SliceRules, type SliceSet } from './slice_set.ts';

/** Folders below which is looked for volumes. */
const MOST_LEVELS = 8;

/**
 * Whether a folder holds volumes and not pictures: the first file that is either decides. Pictures in mask folders are no images.
 */
export async function holdsVolumes(fs: FileSystem, root: string): Promise<boolean> {
  if ((await fs.stat(root))?.kind !== 'directory') return false;
  return (await firstKind(fs, root, 0)) === 'volume';
}

async function firstKind(fs: FileSystem, folder: string, level: number): Promise<'volume' | 'picture' | null> {
  const entries = (await fs.list(folder)).filter(({ name }) => !name.startsWith('.'));
  for (const { name, kind } of entries) {
    if (kind !== 'file') continue;
    const path = joinPath(folder, name);
    if (isImageName(name)) return 'picture';
    if (/\.(nii|hdr)(\.gz)?$/i.test(name)) return 'volume';
    if (['', 'dcm', 'dicom', 'ima'].includes(extension(name)) || /^\d+$/.test(extension(name))) {
      if (isDicom(await fs.readRange(path, 0, 256))) return 'volume';
    }
  }
  for (const { name, kind, link } of entries) {
    if (kind !== 'directory' || link || level >= MOST_LEVELS || isMaskFolder(name)) continue;
    const found = await firstKind(fs, joinPath(folder, name), level + 1);
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
  if (!(await holdsVolumes(fs, root))) return null;
  const whole = fs.absolutePath ? await fs.absolutePath(root) : root;
  const set = await openSliceSet(fs, root, rules, baseName(whole), onProgress);
  return { fs: overlay(fs, root, set), set };
}

function overlay(base: FileSystem, root: string, { files }: SliceSet): FileSystem {
  const start = root.replace(/\/+$/, '');
  /** The path below the folder, or null outside of it. */
  const below = (path: string): string | null => {
    const clean = path.replace(/\/+$/, '');
    if (clean === start) return '';
    return clean.startsWith(`${start}/`) ? clean.slice(start.length + 1) : null;
  };
  const folders = new Map<string, Map<string, Entry>>([['', new Map()]]);
  for (const path of files.keys()) {
    const parts = path.split('/');
    for (const [i, name] of parts.entries()) {
      const folder = parts.slice(0, i).join('/');
      const entries = folders.get(folder) ?? new Map<string, Entry>();
      folders.set(folder, entries);
      entries.set(name, { name, kind: i === parts.length - 1 ? 'file' : 'directory' });
    }
  }
  const read = (path: string) => {
    const own = below(path);
    return own === null ? undefined : files.get(own);
  };
  const inside = (path: string) => {
    const own = below(path);
    return own !== null && (folders.has(own) || files.has(own));
  };
  const shown: FileSystem = {
    readFile: async (path) => (await read(path)?.()) ?? base.readFile(path),
    readRange: async (path, at, length) =>
      (await read(path)?.())?.slice(at, at + length) ?? base.readRange(path, at, length),
    stat: async (path) => {
      const own = below(path);
      if (own !== null && folders.has(own)) return { kind: 'directory', bytes: 0 };
      return own !== null && files.has(own) ? { kind: 'file', bytes: 0 } : base.stat(path);
    },
    list: async (path) => {
      const entries = folders.get(below(path) ?? '\0');
      if (!entries) return base.list(path);
      return [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    writeFile: (path, bytes) => base.writeFile(path, bytes),
    appendFile: (path, text) => base.appendFile(path, text),
    makeDir: (path) => base.makeDir(path),
    rename: (from, to) => base.rename(from, to),
    remove: (path) => base.remove(path),
    createWriter: (path) => base.createWriter(path),
    createAppender: (path) => base.createAppender(path),
    lock: base.lock && ((path) => base.lock!(path)),
    link: base.link && ((target, path) => base.link!(target, path)),
    absolutePath: base.absolutePath && ((path) => base.absolutePath!(path)),
    realPath: base.realPath && (async (path) => (inside(path) ? path.replace(/\/+$/, '') : base.realPath!(path))),
    modelCache: base.modelCache,
    ownModels: base.ownModels,
  };
  return shown;
}
