import type { GivenFile } from '../protocol/images.ts';

/** What files by themselves are put into that belong to one volume. */
const FOLDER = 'images';

/** Names of files that may be slices: what pictures are not called. */
const SLICE = /(^|\/)[^./]+$|\.(dcm|dicom|ima|img|hdr)$/i;

/** What is taken of volumes that somebody gives by hand: a slice alone is what was meant. */
export const GIVEN = ['single'] as const;

/** Files by names that are none of the page's own places. */
export function withOwnNames(files: readonly GivenFile[]): readonly GivenFile[] {
  return files.map(({ path, blob }) => ({ path: path.replace(/^@/, '＠'), blob }));
}

/** Files of slices that were given by themselves, in a folder: a series is known by all of its files. */
export function withVolumesInFolders(files: readonly GivenFile[]): readonly GivenFile[] {
  const loose = files.filter(({ path }) => !path.includes('/') && SLICE.test(path));
  if (loose.length === 0) return files;
  return files.map((one) => (loose.includes(one) ? { ...one, path: `${FOLDER}/${one.path}` } : one));
}
