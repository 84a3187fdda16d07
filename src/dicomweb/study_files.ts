import { FusionclipError } from '../base/errors.ts';
import type { Entry, FileSystem } from '../base/file_system.ts';
import { overlaid } from '../base/overlaid.ts';
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

  const readOnly = (): never => {
    throw new FusionclipError('io', 'A DICOMweb address can only be read; results are stored by --store.');
  };
  const own =
    <A extends unknown[], R>(method: (path: string, ...rest: A) => Promise<R>) =>
    async (path: string, ...rest: A): Promise<R> =>
      isDicomWeb(path) ? readOnly() : method(path, ...rest);
  return overlaid(fs, {
    readFile: async (path) => (isDicomWeb(path) ? (await bytesOf(path)).slice() : fs.readFile(path)),
    readRange: async (path, offset, length) =>
      isDicomWeb(path) ? (await bytesOf(path)).slice(offset, offset + length) : fs.readRange(path, offset, length),
    async stat(path) {
      if (!isDicomWeb(path)) return fs.stat(path);
      const { folder, name } = await find(path);
      if (name === '') return { kind: 'directory', bytes: 0 };
      return folder.places.has(name) ? { kind: 'file', bytes: 0 } : null;
    },
    async list(path): Promise<Entry[]> {
      if (!isDicomWeb(path)) return fs.list(path);
      const { folder, name } = await find(path);
      return name === '' ? [...folder.places.keys()].map((one) => ({ name: one, kind: 'file' })) : [];
    },
    writeFile: own((path, bytes) => fs.writeFile(path, bytes)),
    appendFile: own((path, text) => fs.appendFile(path, text)),
    makeDir: own((path) => fs.makeDir(path)),
    rename: own((path, to) => fs.rename(path, to)),
    remove: own((path) => fs.remove(path)),
    createWriter: own((path) => fs.createWriter(path)),
    createAppender: own((path) => fs.createAppender(path)),
    lock: fs.lock && own((path) => fs.lock!(path)),
    link: fs.link && own((path, target) => fs.link!(path, target)),
    realPath: fs.realPath && (async (path) => (isDicomWeb(path) ? path.replace(/\/+$/, '') : fs.realPath!(path))),
    absolutePath: fs.absolutePath && (async (path) => (isDicomWeb(path) ? path : fs.absolutePath!(path))),
  });
}
