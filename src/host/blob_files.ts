import { FusionclipError } from '../base/errors.ts';
import type { FileSystem, FileWriter } from '../base/file_system.ts';

/**
 * Files without a disk, each of them a `Blob`: what a page was given and what it makes. A file that was dropped on the
 * page is such a blob as it is, and is read only when it is asked for. A folder exists while something lies below it, or
 * when it was made.
 */
export class BlobFiles implements FileSystem {
  readonly #files = new Map<string, Blob>();
  readonly #folders = new Set<string>();

  /** Puts a blob under a name; nothing of it is read. Throws `io` as {@link writeFile} does. */
  put(path: string, blob: Blob): void {
    const key = plain(path);
    if (this.#kind(key) === 'directory') throw failure('write', path, 'it is a folder where a file is expected');
    for (const above of parents(key)) {
      if (this.#files.has(above)) throw failure('write', path, 'a part of the path is a file');
    }
    this.#files.set(key, blob);
  }

  /** The blob under a name, e.g. to be saved by the browser. Throws `io` when there is none. */
  blob(path: string): Blob {
    const blob = this.#files.get(plain(path));
    if (blob) return blob;
    const folder = this.#kind(plain(path)) === 'directory';
    const reason = folder ? 'it is a folder where a file is expected' : 'it does not exist; check the path';
    throw failure('read', path, reason);
  }

  async readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.#bytes(path, this.blob(path));
  }

  async readRange(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#bytes(path, this.blob(path).slice(offset, offset + length));
  }

  async stat(path: string): Promise<{ kind: 'file' | 'directory'; bytes: number } | null> {
    const kind = this.#kind(plain(path));
    return kind && { kind, bytes: this.#files.get(plain(path))?.size ?? 0 };
  }

  async list(path: string): Promise<{ name: string; kind: 'file' | 'directory' }[]> {
    const key = plain(path);
    if (this.#kind(key) !== 'directory') throw failure('list', path, 'it is no folder; check the path');
    const start = key === '' ? '' : `${key}/`;
    const found = new Map<string, 'file' | 'directory'>();
    const add = (name: string, kind: 'file' | 'directory') => {
      if (!name.startsWith(start) || name.length === start.length) return;
      const [first, ...rest] = name.slice(start.length).split('/');
      found.set(first, rest.length > 0 ? 'directory' : kind);
    };
    for (const name of this.#files.keys()) add(name, 'file');
    for (const name of this.#folders) add(name, 'directory');
    return [...found].map(([name, kind]) => ({ name, kind })).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async writeFile(path: string, bytes: Uint8Array | string): Promise<void> {
    this.put(path, new Blob([copyOf(bytes)]));
  }

  async appendFile(path: string, text: string): Promise<void> {
    const before = this.#files.get(plain(path));
    this.put(path, new Blob(before ? [before, text] : [text]));
  }

  async makeDir(path: string): Promise<void> {
    const key = plain(path);
    for (const each of [...parents(key), key]) {
      if (this.#files.has(each)) throw failure('make the folder', path, 'a file has this name');
      this.#folders.add(each);
    }
  }

  async rename(from: string, to: string): Promise<void> {
    const [source, target] = [plain(from), plain(to)];
    if (!this.#kind(source)) throw failure('rename', from, 'it does not exist; check the path');
    if ([...this.#files.keys()].some((name) => name !== target && isBelow(name, target)))
      throw failure('rename', from, `${to} is a folder that is not empty`);
    for (const [name, blob] of [...this.#files]) {
      if (!isBelow(name, source)) continue;
      this.#files.delete(name);
      this.#files.set(target + name.slice(source.length), blob);
    }
    for (const name of [...this.#folders]) {
      if (isBelow(name, source) && this.#folders.delete(name)) this.#folders.add(target + name.slice(source.length));
    }
  }

  async remove(path: string): Promise<void> {
    const key = plain(path);
    for (const name of [...this.#files.keys()]) if (isBelow(name, key)) this.#files.delete(name);
    for (const name of [...this.#folders]) if (isBelow(name, key)) this.#folders.delete(name);
  }

  async createWriter(path: string): Promise<FileWriter> {
    let parts: BlobPart[] | null = [];
    const open = (): BlobPart[] => {
      if (!parts) throw new FusionclipError('io', `Cannot write ${path}: the writer is closed.`);
      return parts;
    };
    return {
      write: async (bytes) => void open().push(copyOf(bytes)),
      close: async () => {
        this.put(path, new Blob(open()));
        parts = null;
      },
      abort: async () => {
        parts = null;
      },
    };
  }

  async createAppender(path: string): Promise<FileWriter> {
    let open = true;
    return {
      write: async (bytes) => {
        if (!open) throw new FusionclipError('io', `Cannot write ${path}: the writer is closed.`);
        const before = this.#files.get(plain(path));
        this.put(path, new Blob(before ? [before, copyOf(bytes)] : [copyOf(bytes)]));
      },
      close: async () => {
        open = false;
      },
      abort: async () => {
        open = false;
      },
    };
  }

  #kind(key: string): 'file' | 'directory' | null {
    if (this.#files.has(key)) return 'file';
    if (key === '' || this.#folders.has(key)) return 'directory';
    for (const name of this.#files.keys()) if (name.startsWith(`${key}/`)) return 'directory';
    return null;
  }

  async #bytes(path: string, blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return new Uint8Array(await blob.arrayBuffer());
    } catch (cause) {
      // A file on disk that was given to the page may be changed or removed by now.
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new FusionclipError('io', `Cannot read ${path}: ${reason}; give the files to the page again.`, { cause });
    }
  }
}

/** The same path for the same thing: without `.`, empty parts and slashes at the ends. */
function plain(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

/** Folders above a path, the outermost first. */
function parents(key: string): string[] {
  const parts = key.split('/');
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'));
}

/** Whether a path is another one or lies below it. */
function isBelow(name: string, key: string): boolean {
  return key === '' || name === key || name.startsWith(`${key}/`);
}

/** A copy, so that the caller may change its bytes; text as UTF-8. */
function copyOf(bytes: Uint8Array | string): BlobPart {
  return typeof bytes === 'string' ? bytes : new Uint8Array(bytes);
}

function failure(doing: string, path: string, reason: string): FusionclipError {
  return new FusionclipError('io', `Cannot ${doing} ${path}: ${reason}.`);
}
