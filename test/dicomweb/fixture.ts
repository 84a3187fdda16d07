import { afterEach, beforeEach, expect } from 'vitest';
import type { FileSystem } from '../../src/base/file_system.ts';
import { parseDicomWeb } from '../../src/dicomweb/address.ts';
import { dicomWebOf } from '../../src/dicomweb/network.ts';
import { DicomWebServer } from '../../src/dicomweb/server.ts';
import { withDicomWeb } from '../../src/dicomweb/study_files.ts';
import { collectVolumes } from '../../src/volume/collect.ts';
import { isVolumePath } from '../../src/volume/to_score.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { sliceFile } from '../volume/series_maker.ts';
import { Pacs } from './pacs.ts';

/** The server of the test that runs. */
export let pacs: Pacs;
/** What the environment has for one. */
export const own: { token: string | undefined } = { token: undefined };
export const STUDY = '1.2.826.77.1';
export const address = (more = `/studies/${STUDY}`) => `dicomweb:${pacs.root}${more}`;
export const web = (root: string) => ({
  ...dicomWebOf({ env: () => own.token })(root),
  patience: 2000,
  pause: async () => {},
});
export const server = () => new DicomWebServer(web(pacs.root));
export const study = () => parseDicomWeb(address());

beforeEach(async () => {
  pacs = await new Pacs().listen();
  own.token = undefined;
  for (let z = 0; z < 5; z++) pacs.add(sliceFile(z));
});
afterEach(() => pacs.close());

/** Volumes at an address. */
export async function volumesAt(path: string, most?: number) {
  const fs: FileSystem = withDicomWeb(new MemoryFileSystem([]), web, most);
  expect(await isVolumePath(fs, path)).toBe(true);
  const { volumes, refused } = await collectVolumes(fs, path);
  expect(refused).toEqual([]);
  return volumes.map(({ volume }) => volume);
}
