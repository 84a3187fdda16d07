import type { Entry, FileSystem } from '../../base/file_system.ts';
import { extension, joinPath } from '../../base/paths.ts';
import { isImageName, isPictureStart } from '../decode.ts';
import type { LeftOutFile, LeftOutReason } from './left_out.ts';
import { isOutputFolder, OUTPUT_FILES } from './own_output.ts';
import { matchesPattern } from './rules.ts';

/** Extensions of pictures that are not read: where images are expected, such a file is a question. */
const UNREAD: readonly string[] = [
  ...['gif', 'webp', 'dcm', 'dicom', 'ima', 'nii', 'gz', 'mha', 'mhd', 'nrrd', 'heic', 'heif', 'avif', 'jp2', 'j2k'],
  ...['jpx', 'jxl', 'psd', 'ppm', 'pgm', 'pbm', 'pnm', 'tga', 'svs', 'ndpi', 'exr', 'zip'],
];

/** What lies below a folder. Paths are relative to it, in code-unit order. */
export interface Walk {
  /** Files that are images by their names. */
  readonly images: readonly string[];
  readonly folders: readonly string[];
  readonly leftOut: readonly LeftOutFile[];
}

/** Real paths of what was read already: given to several walks, nothing is read twice by them together. */
export type Seen = Set<string>;

/**
 * Lists everything below a folder. Links are followed, each file and folder is taken once by its real path, and under its
 * own name rather than a link's. Not entered are hidden folders; of outputs of this program the files are told apart.
 * @param skip patterns of names and paths to leave out
 * @throws FusionclipError `io`
 */
export async function walk(
  fs: FileSystem,
  root: string,
  skip: readonly string[],
  seen: Seen = new Set(),
): Promise<Walk> {
  const images: string[] = [];
  const folders: string[] = [];
  const leftOut: LeftOutFile[] = [];
  const links: { path: string; entry: Entry; why: LeftOutReason | null }[] = [];

  const take = async (path: string, { kind }: Entry, real: string, why: LeftOutReason | null): Promise<void> => {
    if (kind === 'directory') {
      if (seen.has(real)) return void leftOut.push({ path: `${path}/`, why: 'linked_twice' });
      seen.add(real);
      if (why === null) folders.push(path);
      return enter(path, real, why);
    }
    if (why === null && seen.has(real)) why = 'linked_twice';
    else if (kind === 'special' || kind === 'broken') why ??= kind;
    else if (why === null && isImageName(path)) {
      seen.add(real);
      return void images.push(path);
    }
    leftOut.push({ path, why: why ?? (await unreadReason(fs, joinPath(root, path))) });
  };

  const enter = async (folder: string, real: string, inherited: LeftOutReason | null): Promise<void> => {
    const entries = await fs.list(joinPath(root, folder));
    const names = entries.map(({ name }) => name);
    const output = inherited === null && (await isOutputFolder(fs, joinPath(root, folder), names));
    for (const entry of entries) {
      const path = joinPath(folder, entry.name);
      let why = inherited;
      if (isHidden(entry.name)) {
        leftOut.push({ path: entry.kind === 'directory' ? `${path}/` : path, why: why ?? 'hidden' });
        continue;
      }
      if (skip.some((pattern) => matchesPattern(path, pattern))) why ??= 'skipped';
      if (output && OUTPUT_FILES.includes(entry.name)) why ??= 'output';
      // What is linked to may lie in this folder too, and is known by its own name then.
      if (entry.link) links.push({ path, entry, why });
      else await take(path, entry, joinPath(real, entry.name), why);
    }
  };

  const realPath = async (path: string) => (fs.realPath ? fs.realPath(path) : path);
  const top = await realPath(root);
  seen.add(top);
  await enter('', top, null);
  for (let link = links.shift(); link; link = links.shift()) {
    const { path, entry, why } = link;
    await take(path, entry, entry.kind === 'broken' ? path : await realPath(joinPath(root, path)), why);
  }
  return { images: images.sort(), folders: folders.sort(), leftOut };
}

/** Extensions of what lies beside pictures by the thousand: none of these files is opened. */
const TEXTS: readonly string[] = ['txt', 'json', 'xml', 'csv', 'tsv', 'md', 'yaml', 'yml', 'html', 'npy', 'npz', 'mat'];

/** Why a file is not read whose name is not an image's: a program may have written a picture without an extension. */
async function unreadReason(fs: FileSystem, path: string): Promise<LeftOutReason> {
  const type = extension(path);
  if (UNREAD.includes(type)) return 'unread';
  if (TEXTS.includes(type)) return 'other';
  // What cannot be read is none of our pictures.
  const start = await fs.readRange(path, 0, START).catch(() => new Uint8Array());
  return isPictureStart(start) ? 'unnamed_picture' : 'other';
}

const START = 16;

/** Folders that systems and storage devices keep beside what is theirs: thumbnails, deleted files. */
const OF_SYSTEMS =
  /^(__macosx|@eadir|@recycle|#recycle|#snapshot|\$recycle\.bin|recycler|system volume information|lost\+found)$/i;

function isHidden(name: string): boolean {
  return name.startsWith('.') || OF_SYSTEMS.test(name);
}
