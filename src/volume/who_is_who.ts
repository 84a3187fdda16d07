import type { FileSystem } from '../base/file_system.ts';
import { isDicom } from '../dicom/part10.ts';
import { calledFrames, filesBelow } from './collect.ts';
import { calledFile } from './secret_name.ts';
import { readSliceHeaders, type SliceHeader } from './slice_header.ts';

/** What this program calls a file, its series and its patient. */
export interface CalledFile {
  readonly path: string;
  /** In messages. */
  readonly file: string;
  /** Of DICOM files with pixels that can be read; else ''. */
  readonly series: string;
  readonly patient: string;
}

/**
 * The files below a folder and the names that hide them: for whoever has to find the file that a message means.
 * @throws FusionclipError `io`
 */
export async function whoIsWho(fs: FileSystem, root: string): Promise<CalledFile[]> {
  const paths = await filesBelow(fs, root);
  const headers: SliceHeader[] = [];
  for (const path of paths) {
    if (!isDicom(await fs.readRange(path, 0, 256))) continue;
    // What cannot be read is of nobody.
    headers.push(...((await readSliceHeaders(fs, path).catch(() => null)) ?? []));
  }
  const called = new Map([...(await calledFrames(fs, headers))].map(([{ path }, names]) => [path, names]));
  return Promise.all(
    paths.map(async (path) => {
      const { series = '', image = '', patient = '' } = called.get(path) ?? {};
      return { path, file: await calledFile(fs, path), series: image || series, patient };
    }),
  );
}
