import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { fnv1a32 } from '../base/rule.ts';
import { cachedSnapshot, type ModelId, repositoryFolder } from '../clip/model_cache.ts';
import { download, isWhole } from './download.ts';
import { persist } from './persist.ts';
import { chooseFiles, fileAddress, listRepository, type RemoteFile } from './repository.ts';
import { contentRange, request, requireFile, type Web } from './transfer.ts';

/** What happens during a pull. */
export interface PullEvents {
  /** Before anything is fetched: all files, and the bytes that are not there yet. */
  readonly onPlan?: (files: readonly RemoteFile[], missing: number) => void;
  /** Bytes of the missing ones that have come. */
  readonly onProgress?: (done: number, missing: number) => void;
  readonly signal?: AbortSignal;
}

/** A model that lies in the cache. */
export interface PulledModel {
  /** Folder of the files under their names. */
  readonly folder: string;
  readonly commit: string;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
}

/**
 * Fetches a model of the hub into the cache, where `openClipModel` finds it by its id and Python's tools find it too.
 * Files that are there already are not fetched again; the name of the revision is written last, so it never leads to half
 * a model.
 * @param files names to fetch in place of what a CLIP model needs
 * @throws FusionclipError `io`, `bad_model`, `usage`
 */
export async function pullModel(
  fs: FileSystem,
  web: Web,
  cache: string,
  id: ModelId,
  files: readonly string[] = [],
  events: PullEvents = {},
): Promise<PulledModel> {
  const folder = repositoryFolder(cache, id.repository);
  const model = await pullTo(fs, web, id, files, events, (commit) => {
    const snapshot = joinPath(folder, 'snapshots', commit);
    return { folder: snapshot, place: (file) => new Place(fs, folder, snapshot, file) };
  });
  if (id.revision !== model.commit) await fs.writeFile(joinPath(folder, 'refs', id.revision), model.commit);
  return model;
}

/**
 * Fetches a model of the hub into a folder of its own, without a cache around it: for pages, and to be carried elsewhere.
 * Files that are there already with the right hashes are not fetched again; others are not written over.
 * @param files names to fetch in place of what a CLIP model needs
 * @throws FusionclipError `io`, `bad_model`, `usage`
 */
export async function pullFolder(
  fs: FileSystem,
  web: Web,
  folder: string,
  id: ModelId,
  files: readonly string[] = [],
  events: PullEvents = {},
): Promise<PulledModel> {
  const place = (file: RemoteFile): Destination => {
    const path = joinPath(folder, file.name);
    const isThere = async () => {
      if (!(await fs.stat(path))) return false;
      if (await isWhole(fs, path, file, events.signal)) return true;
      throw new FusionclipError('usage', `${path} is there already and is another file; remove it, or move it away.`);
    };
    return { file, target: path, isThere, settle: async () => {} };
  };
  return pullTo(fs, web, id, files, events, () => ({ folder, place }));
}

/** Where a file of a model goes. */
interface Destination {
  readonly file: RemoteFile;
  /** Where its content is written. */
  readonly target: string;
  isThere(): Promise<boolean>;
  /** What is to be done when the content is there. */
  settle(): Promise<void>;
}

/** Fetches what is missing of a model at one commit, which says where it goes. */
async function pullTo(
  fs: FileSystem,
  web: Web,
  id: ModelId,
  names: readonly string[],
  { onPlan, onProgress, signal }: PullEvents,
  at: (commit: string) => { readonly folder: string; readonly place: (file: RemoteFile) => Destination },
): Promise<PulledModel> {
  const listing = await listRepository(web, id, signal);
  const { commit } = listing;
  const chosen = chooseFiles(listing, names, id.repository);
  const { folder, place } = at(commit);
  const places = chosen.map(place);
  const absent: Destination[] = [];
  for (const place of places) if (!(await place.isThere())) absent.push(place);
  const missing = absent.reduce((sum, { file }) => sum + file.size, 0);
  onPlan?.(chosen, missing);
  let done = 0;
  for (const { file, target, settle } of absent) {
    const url = fileAddress(web, id.repository, commit, file.name);
    const count = (bytes: number) => onProgress?.(done + bytes, missing);
    await download(fs, web, { ...file, url, path: target }, count, signal);
    done += file.size;
    await settle();
  }
  return { folder, commit, files: chosen.map(({ name, size }) => ({ name, bytes: size })) };
}

/**
 * The same from the cache alone.
 * @throws FusionclipError `io` when the model or one of the files is not there
 */
export async function pullOffline(
  fs: FileSystem,
  cache: string,
  id: ModelId,
  files: readonly string[] = [],
): Promise<PulledModel> {
  const folder = await cachedSnapshot(fs, cache, id);
  if (folder === null) {
    const name = id.revision === 'main' ? id.repository : `${id.repository}@${id.revision}`;
    throw new FusionclipError('io', `${name} is not in the cache ${cache}; fetch it once without --offline.`);
  }
  const found = [];
  const names =
    files.length > 0 ? files : (await fs.list(folder)).filter(({ kind }) => kind === 'file').map(({ name }) => name);
  for (const name of names) {
    const stat = await fs.stat(joinPath(folder, name));
    if (stat?.kind !== 'file') {
      throw new FusionclipError(
        'io',
        `${name} of ${id.repository} is not in the cache ${cache}; fetch it without --offline.`,
      );
    }
    found.push({ name, bytes: stat.bytes });
  }
  return { folder, commit: folder.slice(-40), files: found };
}

/** Where a file of a snapshot lies: its content under its hash, and a link to that under its name. */
class Place implements Destination {
  readonly file: RemoteFile;
  readonly target: string;
  readonly #fs: FileSystem;
  readonly #path: string;
  readonly #link: string;

  constructor(fs: FileSystem, folder: string, snapshot: string, file: RemoteFile) {
    this.#fs = fs;
    this.file = file;
    const hash = file.sha256 ?? file.gitHash!;
    this.target = joinPath(folder, 'blobs', hash);
    this.#path = joinPath(snapshot, file.name);
    this.#link = `${'../'.repeat(file.name.split('/').length + 1)}blobs/${hash}`;
  }

  /** Whether the content is there; then it gets its name if it has not got it. */
  async isThere(): Promise<boolean> {
    if (await this.#has(this.#path)) return true;
    if (!(await this.#has(this.target))) return false;
    await this.settle();
    return true;
  }

  /** Gives the content its name. Without links it moves there, as Python's tools do it. */
  readonly settle = async (): Promise<void> => {
    try {
      if (this.#fs.link) return await this.#fs.link(this.#link, this.#path);
    } catch {
      // This disk has no links, or this user may not make them.
    }
    await this.#fs.makeDir(this.#path.slice(0, this.#path.lastIndexOf('/')));
    await this.#fs.rename(this.target, this.#path);
  };

  async #has(path: string): Promise<boolean> {
    return (await this.#fs.stat(path))?.bytes === this.file.size;
  }
}

/**
 * Fetches the file at an address.
 * @param sha256 the hash that it must have; without it only the length is checked
 * @returns bytes and SHA-256
 * @throws FusionclipError as `download`; `io` when the server does not tell a length
 */
export async function pullFile(
  fs: FileSystem,
  web: Web,
  { url, path, sha256 }: { readonly url: string; readonly path: string; readonly sha256?: string },
  { onPlan, onProgress, signal }: PullEvents = {},
): Promise<{ bytes: number; sha256: string }> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const { size, tag } = await probe(web, url, name, signal);
  onPlan?.([{ name, size }], size);
  // The beginning of another state of the file is not gone on with; one of an unknown state neither.
  const state = sha256 ?? tag;
  const part = `${path}.${fnv1a32(`${url} ${size} ${state}`).toString(16)}.incomplete`;
  if (state === undefined) await fs.remove(part);
  const found = await download(
    fs,
    web,
    { url, name, path, part, size, sha256 },
    (done) => onProgress?.(done, size),
    signal,
  );
  return { bytes: size, sha256: found };
}

/** Length of a file, and the tag of its state if the server gives one. */
export async function probe(
  web: Web,
  url: string,
  name: string,
  signal?: AbortSignal,
): Promise<{ size: number; tag?: string; ranges: boolean }> {
  let found: { size: number; tag?: string; ranges: boolean } | undefined;
  await persist(
    web,
    name,
    async () => {
      const answer = await request(web, url, { range: [0, 0], signal });
      answer.cancel();
      // An empty file has no first byte.
      if (answer.status !== 416) requireFile(answer, name);
      const total = contentRange(answer.headers)?.total;
      const length = answer.headers.get('content-encoding') ? null : answer.headers.get('content-length');
      const size =
        answer.status === 416 ? 0 : (total ?? (answer.status === 200 && length !== null ? Number(length) : undefined));
      if (size === undefined || !Number.isSafeInteger(size) || size < 0) {
        throw new FusionclipError(
          'io',
          `${new URL(url).host} does not tell the length of ${name}; use another address.`,
        );
      }
      const tag = answer.headers.get('etag') ?? undefined;
      found = { size, tag: tag?.startsWith('W/') ? undefined : tag, ranges: answer.status === 206 };
      return { progress: false, done: true };
    },
    signal,
  );
  return found!;
}
