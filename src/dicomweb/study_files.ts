import { FusionclipError } from '../base/errors.ts';
import type { Entry, FileSystem } from '../base/file_system.ts';
import { type Reads, readingFrom } from '../base/overlaid.ts';
import type { Web } from '../hub/transfer.ts';
import { isDicomWeb } from './address.ts';
import type { StudyFiles } from './study_folder.ts';

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
    const path = given.replace(/\/+$/, '');
    const known = [...folders.keys()].find((root) => path === root || path.startsWith(`${root}/`)) ?? path;
    return { folder: await folderOf(known), name: path.slice(known.length + 1) };
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
  return readingFrom(fs, isDicomWeb, there, refuse);
}
