import type { FileSystem } from '../base/file_system.ts';
import { isDicom } from '../dicom/part10.ts';
import { filesBelow, grouped, patientNames } from './collect.ts';
import { secretFile, secretName } from './secret_name.ts';
import { imageKey, isSingle } from './single_images.ts';
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
  const people = await patientNames(fs, headers);
  const series = new Map<string, string>();
  const patients = new Map<string, string>();
  for (const [key, group] of grouped(headers)) {
    const name = `series ${await secretName(fs, key)}`;
    for (const header of group) {
      series.set(header.path, isSingle(header) ? `image ${await secretName(fs, imageKey(header))}` : name);
      patients.set(header.path, people(header).patient);
    }
  }
  const called = async (path: string) => (await secretFile(fs, path)).replace(/ \(.*/, '');
  return Promise.all(
    paths.map(async (path) => ({
      ...{ path, file: await called(path) },
      ...{ series: series.get(path) ?? '', patient: patients.get(path) ?? '' },
    })),
  );
}
