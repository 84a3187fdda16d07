import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { FusionclipError } from '../base/errors.ts';
import type { Entry, EntryKind, FileSystem, FileWriter } from '../base/file_system.ts';
import { readBytes, readStream, withFile } from './disk_reading.ts';
import { lockFile } from './lock_file.ts';

/** What a user can do about the errors that the operating system gives for a file. */
const ADVICE: Record<string, string> = {
  ENOENT: 'it does not exist; check the path',
  EACCES: 'permission denied; check who may read and write it',
  EPERM: 'the operation is not permitted; check who may read and write it',
  ENOSPC: 'the disk is full; free some space or choose another folder',
  EDQUOT: 'the disk quota is used up; free some space or choose another folder',
  EROFS: 'the file system is read-only; choose another folder',
  EISDIR: 'it is a folder where a file is expected',
  ELOOP: 'its links lead round in a circle; point them at a file or folder',
  ENOTDIR: 'a part of the path is a file where a folder is expected',
  ENAMETOOLONG: 'the name is too long; choose a shorter one',
  EMFILE: 'too many files are open; raise the limit with "ulimit -n"',
  EFBIG: 'the file would be larger than the file system allows',
  EXDEV: 'source and target are on different disks',
  ENOTEMPTY: 'the target folder is not empty; remove it or choose another name',
  EEXIST: 'something with this name exists already; remove it or choose another name',
};

/** Of a path with the sign that stands for what could not be read in a name. */
const UNNAMED = 'its name holds bytes that are no UTF-8, with which no file can be opened here; rename it';

/** The number of bytes that one write call gets: 64 MiB keeps a full disk from being noticed late. */
const WRITE_SLICE = 64 * 2 ** 20;

/** Linux's numbers of errors that Deno gives without a name. */
const ERRNO: Record<string, string> = {
  24: 'EMFILE',
  27: 'EFBIG',
  28: 'ENOSPC',
  30: 'EROFS',
  36: 'ENAMETOOLONG',
  122: 'EDQUOT',
};

function errorCode(cause: unknown): string {
  const { code, message } = (cause ?? {}) as { code?: string; message?: string };
  return code ?? ERRNO[/\(os error (\d+)\)/.exec(message ?? '')?.[1] ?? ''] ?? '';
}

/** Turns an error of the operating system into `FusionclipError('io')` that names the path and what to do. */
export function ioError(doing: string, path: string, cause: unknown): FusionclipError {
  if (cause instanceof FusionclipError) return cause;
  const code = errorCode(cause);
  const named = code === 'ENOENT' && path.includes('\ufffd') ? UNNAMED : ADVICE[code];
  const reason = named ?? (cause instanceof Error ? cause.message : String(cause));
  return new FusionclipError('io', `Cannot ${doing} ${path}: ${reason}${code ? ` (${code})` : ''}.`, { cause });
}

async function guarded<T>(doing: string, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw ioError(doing, path, cause);
  }
}

/**
 * A name in the same folder (so that a rename is atomic) that no other process uses and that `list` shows as `.tmp`. Of a
 * long name it has the beginning alone: whatever name the disk takes, it takes this one too.
 */
function temporaryName(path: string): string {
  return join(dirname(path), `.${[...basename(path)].slice(0, 40).join('')}.${randomUUID().slice(0, 8)}.tmp`);
}

async function writeAll(file: fs.FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, Math.min(bytes.length - at, WRITE_SLICE));
    at += bytesWritten;
  }
}

/** A path that leads to an existing link's target, so that a replaced file stays where the link points. */
async function resolveLink(path: string): Promise<string> {
  try {
    return (await fs.lstat(path)).isSymbolicLink() ? await fs.realpath(path) : path;
  } catch {
    return path;
  }
}

/** Writes to a temporary file; it takes its real name in `close()`, and is removed when anything fails. */
class DiskWriter implements FileWriter {
  readonly #path: string;
  readonly #temporary: string;
  #file: fs.FileHandle | null;

  private constructor(path: string, temporary: string, file: fs.FileHandle) {
    this.#path = path;
    this.#temporary = temporary;
    this.#file = file;
  }

  static async open(path: string): Promise<DiskWriter> {
    return guarded('write', path, async () => {
      const target = await resolveLink(path);
      await fs.mkdir(dirname(target), { recursive: true });
      const temporary = temporaryName(target);
      return new DiskWriter(target, temporary, await fs.open(temporary, 'wx'));
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    const file = this.#file;
    if (!file) throw new FusionclipError('io', `Cannot write ${this.#path}: the writer is closed.`);
    try {
      await writeAll(file, bytes);
    } catch (cause) {
      await this.abort();
      throw ioError('write', this.#path, cause);
    }
  }

  async close(): Promise<void> {
    const file = this.#file;
    if (!file) throw new FusionclipError('io', `Cannot write ${this.#path}: the writer is closed.`);
    try {
      this.#file = null;
      await file.close();
      await fs.rename(this.#temporary, this.#path);
    } catch (cause) {
      await fs.rm(this.#temporary, { force: true });
      throw ioError('write', this.#path, cause);
    }
  }

  async abort(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close().catch(() => {});
    await fs.rm(this.#temporary, { force: true }).catch(() => {});
  }
}

/** Writes to the end of a file itself. */
class DiskAppender implements FileWriter {
  readonly #path: string;
  #file: fs.FileHandle | null;

  private constructor(path: string, file: fs.FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async open(path: string): Promise<DiskAppender> {
    return guarded('write', path, async () => {
      await fs.mkdir(dirname(path), { recursive: true });
      return new DiskAppender(path, await fs.open(path, 'a'));
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    const file = this.#file;
    if (!file) throw new FusionclipError('io', `Cannot write ${this.#path}: the writer is closed.`);
    await guarded('write', this.#path, () => writeAll(file, bytes));
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await guarded('write', this.#path, async () => file?.close());
  }

  async abort(): Promise<void> {
    await this.close().catch(() => {});
  }
}

function kindOf(entry: { isDirectory(): boolean; isFile(): boolean }): EntryKind {
  return entry.isDirectory() ? 'directory' : entry.isFile() ? 'file' : 'special';
}

/** The `FileSystem` of the local disk, over `node:fs/promises` (Node and Deno). Paths are relative to the working folder. */
export const disk: FileSystem = {
  async readFile(path) {
    // fs.readFile refuses more than 2 GiB, and its buffer may be a part of a shared pool.
    return guarded('read', path, () =>
      withFile(path, (file, stat) => {
        if (stat.isDirectory()) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
        return stat.isFile() ? readBytes(file, 0, stat.size) : readStream(file);
      }),
    );
  },

  async readRange(path, offset, length) {
    return guarded('read', path, () =>
      withFile(path, (file, { size }) => readBytes(file, offset, Math.max(0, Math.min(length, size - offset)))),
    );
  },

  async stat(path) {
    let stat: Stats;
    try {
      stat = await fs.stat(path);
    } catch (cause) {
      const code = (cause as { code?: string }).code;
      if (code === 'ENOENT' || code === 'ENOTDIR') return null;
      throw ioError('read', path, cause);
    }
    return { kind: kindOf(stat), bytes: stat.isDirectory() ? 0 : stat.size };
  },

  async list(path) {
    return guarded('list', path, async () => {
      const entries = await fs.readdir(path, { withFileTypes: true });
      const out: Entry[] = [];
      for (const entry of entries) {
        const { name } = entry;
        if (!entry.isSymbolicLink()) {
          out.push({ name, kind: kindOf(entry) });
          continue;
        }
        // A link counts as what it leads to.
        const what = await fs.stat(join(path, name)).catch(() => null);
        out.push({ name, kind: what ? kindOf(what) : 'broken', link: true });
      }
      return out.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    });
  },

  async realPath(path) {
    return guarded('read', path, () => fs.realpath(path));
  },

  absolutePath: async (path) => resolve(path),

  async writeFile(path, bytes) {
    const writer = await DiskWriter.open(path);
    await writer.write(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes);
    await writer.close();
  },

  async appendFile(path, text) {
    await guarded('write', path, async () => {
      await fs.mkdir(dirname(path), { recursive: true });
      await fs.appendFile(path, text);
    });
  },

  async makeDir(path) {
    await guarded('make the folder', path, () => fs.mkdir(path, { recursive: true }));
  },

  async rename(from, to) {
    await guarded(`rename ${from} to`, to, () => fs.rename(from, to));
  },

  async remove(path) {
    await guarded('remove', path, () => fs.rm(path, { recursive: true, force: true }));
  },

  createWriter: (path) => DiskWriter.open(path),
  createAppender: (path) => DiskAppender.open(path),
  lock: (path) => guarded('lock', path, () => lockFile(path)),

  async link(target, path) {
    await guarded('make the link', path, async () => {
      await fs.mkdir(dirname(path), { recursive: true });
      // Made beside its place and renamed, so that an older link is replaced at once.
      const temporary = temporaryName(path);
      await fs.symlink(target, temporary);
      await fs.rename(temporary, path);
    });
  },
};
