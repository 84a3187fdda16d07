import { FusionclipError } from '../../src/base/errors.ts';
import type { Entry, FileLock, FileSystem, FileWriter } from '../../src/base/file_system.ts';
import { joinPath } from '../../src/base/paths.ts';
import { BlobFiles } from '../../src/host/blob_files.ts';
import { FolderFiles } from '../../src/hub/index.ts';

/** What lies below this stays when the page is closed. */
export const KEPT = '@kept';

/** Folder of the origin's private storage: other pages of the origin have theirs. */
const FOLDER = 'fusionclip';

/**
 * The worker's files: those that stay in the origin's private storage, all others in memory. A page that may not keep
 * anything (opened from disk, in some browsers, or in private windows) has all of them in memory.
 */
export class PageFiles implements FileSystem {
  readonly memory = new BlobFiles();
  readonly #kept: FolderFiles | null;
  /** The last work on each path that something is at work on. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #secret?: Promise<string>;

  private constructor(kept: FolderFiles | null) {
    this.#kept = kept;
  }

  static async open(): Promise<PageFiles> {
    try {
      const root = await navigator.storage.getDirectory();
      const kept = new FolderFiles(await root.getDirectoryHandle(FOLDER, { create: true }));
      // Some browsers give a folder, and refuse to write.
      await kept.writeFile('probe', '');
      return new PageFiles(kept);
    } catch {
      return new PageFiles(null);
    }
  }

  /** Whether what is kept outlives the page. */
  get lasting(): boolean {
    return this.#kept !== null;
  }

  readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.#at(path, (fs, own) => fs.readFile(own));
  }

  readRange(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#at(path, (fs, own) => fs.readRange(own, offset, length));
  }

  stat(path: string) {
    return this.#at(path, (fs, own) => fs.stat(own));
  }

  list(path: string): Promise<Entry[]> {
    return this.#at(path, (fs, own) => fs.list(own));
  }

  writeFile(path: string, bytes: Uint8Array | string): Promise<void> {
    return this.#at(path, (fs, own) => fs.writeFile(own, bytes));
  }

  appendFile(path: string, text: string): Promise<void> {
    return this.#at(path, (fs, own) => fs.appendFile(own, text));
  }

  makeDir(path: string): Promise<void> {
    return this.#at(path, (fs, own) => fs.makeDir(own));
  }

  /** Within memory, or within what is kept. */
  rename(from: string, to: string): Promise<void> {
    return this.#at(from, (fs, own) => fs.rename(own, this.#own(to)));
  }

  remove(path: string): Promise<void> {
    return this.#at(path, (fs, own) => fs.remove(own));
  }

  createWriter(path: string): Promise<FileWriter> {
    return this.#at(path, (fs, own) => fs.createWriter(own));
  }

  createAppender(path: string): Promise<FileWriter> {
    return this.#at(path, (fs, own) => fs.createAppender(own));
  }

  /**
   * Another tab may be at work on the same thing.
   * @param what the thing, in a message
   * @throws FusionclipError `usage` when it is
   */
  async lock(path: string, what = 'This session'): Promise<FileLock> {
    const locks = this.#kept && (navigator.locks as LockManager | undefined);
    if (!locks) return { abandonedBy: null, release: async () => {} };
    return new Promise((resolve, reject) => {
      const hold = (lock: Lock | null) => {
        if (!lock) {
          const text = `${what} is at work in another tab; go on there, or close that tab.`;
          reject(new FusionclipError('usage', text));
          return undefined;
        }
        return new Promise<void>((end) => resolve({ abandonedBy: null, release: async () => end() }));
      };
      locks.request(`fusionclip ${path}`, { ifAvailable: true }, hold).catch(reject);
    });
  }

  /** Does work on a path after all other such work on it, of this tab and of others. */
  async inTurn<T>(path: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(path);
    const locks = this.#kept && (navigator.locks as LockManager | undefined);
    const locked = () => (locks ? locks.request(`fusionclip turn ${path}`, work) : work());
    const turn = Promise.resolve(before).then(locked, locked);
    this.#turns.set(path, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(path) === turn) this.#turns.delete(path);
    }
  }

  /** Stays as long as what is kept, so that a session calls its patients and series as it did before. */
  secret(): Promise<string> {
    this.#secret ??= this.#readSecret();
    return this.#secret;
  }

  /** Copies a folder with all it holds, file by file. */
  async copy(from: string, to: string, onProgress: (done: number, total: number) => void = () => {}): Promise<void> {
    await this.makeDir(to);
    const names = await this.#below(from);
    for (const [done, name] of names.entries()) {
      onProgress(done, names.length);
      await this.writeFile(joinPath(to, name), await this.readFile(joinPath(from, name)));
    }
    onProgress(names.length, names.length);
  }

  /** The files below a folder, by their paths from there. */
  async #below(folder: string, at = ''): Promise<string[]> {
    const out: string[] = [];
    for (const { name, kind } of await this.list(joinPath(folder, at))) {
      const path = at === '' ? name : joinPath(at, name);
      if (kind === 'directory') out.push(...(await this.#below(folder, path)));
      else out.push(path);
    }
    return out;
  }

  /** Bytes of all files below a path. */
  async size(path: string): Promise<number> {
    const stat = await this.stat(path);
    if (stat?.kind !== 'directory') return stat?.bytes ?? 0;
    let sum = 0;
    for (const { name } of await this.list(path)) sum += await this.size(joinPath(path, name));
    return sum;
  }

  async #readSecret(): Promise<string> {
    const path = joinPath(KEPT, 'secret');
    if (!(await this.stat(path))) await this.writeFile(path, crypto.randomUUID() + crypto.randomUUID());
    return new TextDecoder().decode(await this.readFile(path));
  }

  #isKept(path: string): boolean {
    return this.#kept !== null && (path === KEPT || path.startsWith(`${KEPT}/`));
  }

  #own(path: string): string {
    return this.#isKept(path) ? path.slice(KEPT.length + 1) : path;
  }

  async #at<T>(path: string, act: (fs: FileSystem, own: string) => Promise<T>): Promise<T> {
    return act(this.#isKept(path) ? this.#kept! : this.memory, this.#own(path));
  }
}
