import { FusionclipError } from '../base/errors.ts';
import type { Entry, FileSystem } from '../base/file_system.ts';
import { overlaid } from '../base/overlaid.ts';
import type { Web } from '../hub/transfer.ts';
import { isDicomWeb, parseDicomWeb } from './address.ts';
import { DicomWebServer, type ObjectPlace } from './server.ts';

/** Bytes of fetched files that are kept; what comes after them is fetched again each time it is read. */
const MOST_KEPT = 512 * 2 ** 20;

/** Objects that are asked for before they are needed, where they are smaller than this. */
const AHEAD = 3;
const SMALL = 16 * 2 ** 20;

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
      folder = StudyFiles.open(path, webOf, kept);
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

/** What an address names, as files. */
class StudyFiles {
  readonly places: ReadonlyMap<string, ObjectPlace>;
  readonly #names: readonly string[];
  readonly #server: DicomWebServer;
  readonly #kept: { left: number };
  readonly #whole = new Map<string, Uint8Array<ArrayBuffer>>();
  /** What is on its way. */
  readonly #coming = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
  #lastSize = Number.POSITIVE_INFINITY;

  private constructor(places: ReadonlyMap<string, ObjectPlace>, server: DicomWebServer, kept: { left: number }) {
    this.places = places;
    this.#names = [...places.keys()];
    this.#server = server;
    this.#kept = kept;
  }

  /** @throws FusionclipError as {@link parseDicomWeb} and `DicomWebServer.find` */
  static async open(path: string, webOf: (root: string) => Web, kept: { left: number }): Promise<StudyFiles> {
    const address = parseDicomWeb(path);
    const server = new DicomWebServer(webOf(address.root));
    const found = await server.find(address);
    const series = [...new Set(found.map((place) => place.series))];
    const width = String(found.length).length;
    const names = found.map(
      (place, i) => `${series.indexOf(place.series) + 1}-${String(i + 1).padStart(width, '0')}.dcm`,
    );
    const sorted = found.map((place, i) => [names[i], place] as const).sort(([a], [b]) => (a < b ? -1 : 1));
    return new StudyFiles(new Map(sorted), server, kept);
  }

  /** @throws FusionclipError `io` */
  async read(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const known = this.#whole.get(name);
    if (known) return known;
    const at = this.#names.indexOf(name);
    if (at < 0) throw new FusionclipError('io', `There is no such file of a study at ${this.#server.host}.`);
    const ahead = this.#lastSize < SMALL ? AHEAD : 0;
    for (const one of this.#names.slice(at, at + 1 + ahead)) {
      if (this.#whole.has(one) || this.#coming.has(one)) continue;
      const coming = this.#fetch(one);
      this.#coming.set(one, coming);
      // Whoever reads it is told.
      coming.catch(() => {});
    }
    try {
      return await this.#coming.get(name)!;
    } finally {
      this.#coming.delete(name);
      // Whoever reads in another order leaves what was fetched ahead.
      for (const one of this.#coming.keys()) if (this.#coming.size > 2 * AHEAD) this.#coming.delete(one);
    }
  }

  async #fetch(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const what = `object ${this.#names.indexOf(name) + 1} of ${this.#names.length}`;
    const bytes = await this.#server.fetch(this.places.get(name)!, what);
    if (!bytes) {
      throw new FusionclipError('io', `${this.#server.host} names ${what} and does not have it; try again later.`);
    }
    this.#lastSize = bytes.length;
    if (bytes.length <= this.#kept.left) {
      this.#kept.left -= bytes.length;
      // A view of an answer would keep all of it.
      this.#whole.set(name, bytes.slice());
    }
    return bytes;
  }
}
