import type { FileSystem } from '../../base/file_system.ts';
import { extension, joinPath, stem } from '../../base/paths.ts';
import { isImageName } from '../decode.ts';

/** Names of the folder beside `img` that holds masks: BMAD's own, and the one of newer copies. */
export const MASK_FOLDERS: readonly string[] = ['anomaly_mask', 'label'];

/** The images of one class, as they lie in a folder. */
export interface ClassFolder {
  /** Where images were looked for, relative to the data set. */
  readonly imageFolder: string;
  /** Where masks were looked for; null when the folder has no place for masks. */
  readonly maskFolder: string | null;
  /** True when images lie in `img`, the mark of a set with masks. */
  readonly nested: boolean;
  /** Each image and its mask (null when there is none), relative to the data set. */
  readonly images: readonly { image: string; mask: string | null }[];
  /** Masks without an image. */
  readonly extraMasks: readonly string[];
  /** Extensions of files that are no images, with their counts. */
  readonly otherFiles: Readonly<Record<string, number>>;
}

/**
 * Lists one class: images in `folder/img` with masks in `folder/anomaly_mask` or `folder/label`, or images in `folder`
 * itself with masks in `masks` (MVTec's `ground_truth/<class>`), if given. A mask belongs to the image with the same
 * name up to the extension, or with `_mask` added.
 */
export async function listClass(
  fs: FileSystem,
  root: string,
  folder: string,
  masks: string | null = null,
): Promise<ClassFolder> {
  const folders = await subfolders(fs, joinPath(root, folder));
  const img = findName(folders, ['img']);
  const imageFolder = img ? joinPath(folder, img) : folder;
  const own = img ? findName(folders, MASK_FOLDERS) : undefined;
  const maskFolder = own ? joinPath(folder, own) : masks;
  const { images, otherFiles } = await imagesIn(fs, joinPath(root, imageFolder));
  const maskNames = maskFolder ? (await imagesIn(fs, joinPath(root, maskFolder))).images : [];
  // Should a mask exist in two formats, the lossless one is meant.
  maskNames.sort((a, b) => Number(extension(a) !== 'png') - Number(extension(b) !== 'png'));
  const unused = new Set(maskNames);
  const byStem = new Map<string, string>();
  for (const name of maskNames) if (!byStem.has(stem(name))) byStem.set(stem(name), name);
  const pairs = images.map((name) => {
    const mask = byStem.get(stem(name)) ?? byStem.get(`${stem(name)}_mask`);
    if (mask !== undefined) unused.delete(mask);
    return {
      image: joinPath(imageFolder, name),
      mask: maskFolder && mask !== undefined ? joinPath(maskFolder, mask) : null,
    };
  });
  return {
    imageFolder,
    maskFolder,
    nested: img !== undefined,
    images: pairs,
    extraMasks: maskFolder ? [...unused].map((name) => joinPath(maskFolder, name)) : [],
    otherFiles,
  };
}

/** The names of the visible folders in a folder. */
export async function subfolders(fs: FileSystem, path: string): Promise<string[]> {
  const entries = await fs.list(path);
  return entries
    .filter(({ name, kind }) => kind === 'directory' && !name.startsWith('.') && name !== '__MACOSX')
    .map(({ name }) => name);
}

/** The first of `names` that is one of `wanted`, whatever the case. */
export function findName(names: readonly string[], wanted: readonly string[]): string | undefined {
  return names.find((name) => wanted.includes(name.toLowerCase()));
}

async function imagesIn(
  fs: FileSystem,
  path: string,
): Promise<{ images: string[]; otherFiles: Record<string, number> }> {
  const images: string[] = [];
  const otherFiles: Record<string, number> = {};
  for (const { name, kind } of await fs.list(path)) {
    if (kind !== 'file' || name.startsWith('.')) continue;
    if (isImageName(name)) images.push(name);
    else otherFiles[extension(name)] = (otherFiles[extension(name)] ?? 0) + 1;
  }
  return { images, otherFiles };
}
