import { FusionclipError } from '../base/errors.ts';
import type { Entry, FileSystem } from '../base/file_system.ts';
import { overlaid, type Reads, readingFrom } from '../base/overlaid.ts';
import type { Web } from '../hub/transfer.ts';
import { isDicomWeb, isStudyAddress } from './address.ts';
import type { StudyFiles } from './study_folder.ts';

/** Names of files of a study, as `StudyFiles` gives them. */
const NAME = /^\d+-\d+\.dcm$/;

/** Bytes of fetched files that are kept; what comes after them is fetched again each time it is read. */
const MOST_KEPT = 512 * 2 ** 20;

/**
 * A file system in which `dicomweb:URL` is a folder of the DICOM files that the server has there. They are fetched when they are read,
 * lie in no file, and are called by numbers. The folder can be read and not written.
 * @param webOf the network for a service's address, with its token
 */
export function withDicomWeb(fs: FileSystem, webOf: (root: string) => Web, most = MOST_KEPT): FileSystem {
  const folders = new Map<string, Promise<StudyFiles>>();
  const kept = { left: most };

  const folderOf = (path: string): Promise<StudyFiles> => {
    let folder = folders.get(path);
    if (!folder) {
      // What reads DICOM is loaded with the first address.
      folder = import('./study_folder.ts').then(({ StudyFiles }) => StudyFiles.open(path, webOf, kept));
      folders.set(path, folder);
      folder.catch(() => folders.delete(path));
    }
    return folder;
  };

  /** The folder that a path is or lies in, and its name there. */
  async function find(given: string): Promise<{ readonly folder: StudyFiles; readonly name: string }> {
    if (!isDicomWeb(given)) {
      throw new FusionclipError('usage', 'An address of a DICOMweb server has dicomweb: before it; put it there.');
    }
    const path = given.replace(/\/+$/, '');
    const end = path.lastIndexOf('/');
    const [before, last] = [path.slice(0, end), path.slice(end + 1)];
    // A series is no file of its study, and a folder that was forgotten is opened again for its files.
    const isBelow = !folders.has(path) && (folders.has(before) || NAME.test(last));
    return isBelow ? { folder: await folderOf(before), name: last } : { folder: await folderOf(path), name: '' };
  }

  async function bytesOf(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const { folder, name } = await find(path);
    return folder.read(name);
  }

  const refuse = (): never => {
    throw new FusionclipError('io', 'A DICOMweb address can only be read; results are stored by --store.');
  };
  const there: Reads = {
    readFile: async (path) => (await bytesOf(path)).slice(),
    readRange: async (path, offset, length) => (await bytesOf(path)).slice(offset, offset + length),
    async stat(path) {
      const { folder, name } = await find(path);
      if (name === '') return { kind: 'directory', bytes: 0 };
      return folder.places.has(name) ? { kind: 'file', bytes: 0 } : null;
    },
    async list(path): Promise<Entry[]> {
      const { folder, name } = await find(path);
      return name === '' ? [...folder.places.keys()].map((one) => ({ name: one, kind: 'file' })) : [];
    },
    realPath: async (path) => path.replace(/\/+$/, ''),
  };
  const isThere = (path: string) => isDicomWeb(path) || isStudyAddress(path);
  const forget = (given: string) => {
    const path = given.replace(/\/+$/, '');
    const folder = folders.get(path);
    folders.delete(path);
    folder?.then((files) => files.forget()).catch(() => {});
  };
  return overlaid(readingFrom(fs, isThere, there, refuse), { forget });
}
