import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { overlaid } from '../base/overlaid.ts';
import { joinPath } from '../base/paths.ts';
import { BlobFiles } from '../host/blob_files.ts';

/**
 * Images, or a data set: a path, or files that the program holds, e.g. the `files` of an `<input webkitdirectory>`, a `File`
 * that was dropped, or `new File([bytes], 'scan.png')`. Several files of a data set have their place in it in
 * `webkitRelativePath`, or in a name with slashes (`good/1.png`).
 */
export type Given = string | Blob | Iterable<string | Blob>;

/** Where given files lie, beside those of the disk; no path begins like this by chance. */
const PLACE = '@given';

/** A file system that also holds what a program gives it as blobs. */
export interface GivenFiles extends FileSystem {
  /** Paths of what was given: files as they are, blobs under the names they are put under now. */
  place(given: Given): string[];
  /** Takes what {@link place} put away. */
  forget(): void;
}

/** The files of `base`, and given ones beside them. */
export function withGiven(base: FileSystem): GivenFiles {
  const held = new BlobFiles();
  const isGiven = (path: string): boolean => path.startsWith(`${PLACE}/`);
  const of = (path: string): FileSystem => (isGiven(path) ? held : base);
  let count = 0;
  const files = overlaid(base, {
    readFile: (path) => of(path).readFile(path),
    readRange: (path, offset, length) => of(path).readRange(path, offset, length),
    stat: (path) => of(path).stat(path),
    list: (path) => of(path).list(path),
    realPath: base.realPath && (async (path) => (isGiven(path) ? path : base.realPath!(path))),
    absolutePath: base.absolutePath && (async (path) => (isGiven(path) ? path : base.absolutePath!(path))),
  });
  return {
    ...files,
    place(given) {
      const folder = joinPath(PLACE, String(++count));
      const items = typeof given === 'string' || given instanceof Blob ? [given] : [...given];
      return items.map((item, i) => {
        if (item === '') throw new FusionclipError('usage', 'A path is empty; name a file or a folder.');
        if (typeof item === 'string') return item;
        const path = joinPath(folder, nameOf(item, i));
        held.put(path, item);
        return path;
      });
    },
    forget() {
      void held.remove(PLACE);
    },
  };
}

/**
 * The folder of a data set that was given: a path, or files, which then share one.
 * @throws FusionclipError `usage` when nothing, or several paths were given
 */
export function placeFolder(files: GivenFiles, given: Given): string {
  const paths = files.place(given);
  if (paths.length === 1 && typeof given === 'string') return given;
  if (paths.length === 0 || paths.some((path) => !path.startsWith(`${PLACE}/`))) {
    throw new FusionclipError(
      'usage',
      'A data set is the path of one folder, or the files of one folder; give either.',
    );
  }
  // Files of a picked folder begin with its name.
  const parts = paths.map((path) => path.split('/'));
  const depth = parts.every((each) => each.length > 3 && each[2] === parts[0][2]) ? 3 : 2;
  return parts[0].slice(0, depth).join('/');
}

function nameOf(blob: Blob, index: number): string {
  const { name, webkitRelativePath } = blob as Partial<File>;
  return webkitRelativePath || name || `image-${index + 1}`;
}
