import { FusionclipError } from '../base/errors.ts';
import type { FileSystem, FileWriter } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';

/**
 * The files below a folder that a page holds a handle of: its private storage (`await navigator.storage.getDirectory()`),
 * or a folder that the user has chosen. There are no links.
 */
export class FolderFiles implements FileSystem {
  readonly modelCache?: string;
  readonly #root: FileSystemDirectoryHandle;

  /** @param modelCache folder below `root` for downloaded models */
  constructor(root: FileSystemDirectoryHandle, modelCache?: string) {
    this.#root = root;
    this.modelCache = modelCache;
  }

  async readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
    return guarded('read', path, () => this.#read(path, (file) => file));
  }

  async readRange(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return guarded('read', path, () => this.#read(path, (file) => file.slice(offset, offset + length)));
  }

  async stat(path: string): Promise<{ kind: 'file' | 'directory'; bytes: number } | null> {
    const handle = await this.#find(path);
    if (!handle) return null;
    if (handle.kind === 'directory') return { kind: 'directory', bytes: 0 };
    return { kind: 'file', bytes: (await (handle as FileSystemFileHandle).getFile()).size };
  }

  async list(path: string): Promise<{ name: string; kind: 'file' | 'directory' }[]> {
    return guarded('list', path, async () => {
      const out: { name: string; kind: 'file' | 'directory' }[] = [];
      const folder = await this.#folder(partsOf(path), false);
      for await (const { name, kind } of entriesOf(folder)) if (!isTemporary(name)) out.push({ name, kind });
      return out.sort((a, b) => (a.name < b.name ? -1 : 1));
    });
  }

  async writeFile(path: string, bytes: Uint8Array | string): Promise<void> {
    const writer = await this.createWriter(path);
    await writer.write(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes);
    await writer.close();
  }

  async appendFile(path: string, text: string): Promise<void> {
    const writer = await this.createAppender(path);
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  }

  async makeDir(path: string): Promise<void> {
    await guarded('make the folder', path, () => this.#folder(partsOf(path), true));
  }

  async rename(from: string, to: string): Promise<void> {
    await guarded(`rename ${from} to`, to, async () => {
      const handle = await this.#find(from);
      if (!handle) throw new DOMException('', 'NotFoundError');
      const parts = partsOf(to);
      const folder = await this.#folder(parts.slice(0, -1), true);
      const movable = handle as FileSystemHandle & {
        move?(parent: FileSystemDirectoryHandle, name: string): Promise<void>;
      };
      if (handle.kind === 'file' && movable.move) return movable.move(folder, parts[parts.length - 1]);
      const there = await this.#find(to);
      if (there?.kind === 'directory' && (await this.list(to)).length > 0)
        throw new FusionclipError('io', `Cannot rename ${from} to ${to}: it is a folder that is not empty.`);
      await this.#copy(handle, from, to);
      await this.remove(from);
    });
  }

  async remove(path: string): Promise<void> {
    await guarded('remove', path, async () => {
      if (!(await this.#find(path))) return;
      const parts = partsOf(path);
      const folder = await this.#folder(parts.slice(0, -1), false);
      await folder.removeEntry(parts[parts.length - 1], { recursive: true });
    });
  }

  async createWriter(path: string): Promise<FileWriter> {
    if ((await this.stat(path))?.kind === 'directory') {
      throw new FusionclipError('io', `Cannot write ${path}: ${ADVICE.TypeMismatchError}.`);
    }
    const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
    const writer = await this.#writer(temporary, path, false);
    return {
      write: writer.write,
      close: async () => {
        await writer.close();
        await this.rename(temporary, path);
      },
      abort: async () => {
        await writer.abort();
        await this.remove(temporary);
      },
    };
  }

  /** What was written is there after `close` or `abort`, not before: a page that is closed in between loses it. */
  async createAppender(path: string): Promise<FileWriter> {
    return this.#writer(path, path, true);
  }

  /** @param shown the path for messages */
  async #writer(path: string, shown: string, append: boolean): Promise<FileWriter> {
    return guarded('write', shown, async () => {
      const parts = partsOf(path);
      const folder = await this.#folder(parts.slice(0, -1), true);
      const file = await folder.getFileHandle(parts[parts.length - 1], { create: true });
      const stream = await file.createWritable({ keepExistingData: append });
      if (append) await stream.seek((await file.getFile()).size);
      let open = true;
      const requireOpen = () => {
        if (!open) throw new FusionclipError('io', `Cannot write ${shown}: the writer is closed.`);
      };
      return {
        write: async (bytes) => {
          requireOpen();
          await guarded('write', shown, () => stream.write(new Uint8Array(bytes)));
        },
        close: async () => {
          requireOpen();
          open = false;
          await guarded('write', shown, () => stream.close());
        },
        abort: async () => {
          if (!open) return;
          open = false;
          await (append ? stream.close() : stream.abort()).catch(() => {});
        },
      };
    });
  }

  async #copy(handle: FileSystemHandle, from: string, to: string): Promise<void> {
    if (handle.kind === 'directory') {
      await this.makeDir(to);
      for await (const inner of entriesOf(handle as FileSystemDirectoryHandle)) {
        await this.#copy(inner, joinPath(from, inner.name), joinPath(to, inner.name));
      }
      return;
    }
    const writer = await this.createWriter(to);
    const { size } = await this.#blob(from);
    for (let at = 0; at < size; at += SLICE) await writer.write(await this.readRange(from, at, SLICE));
    await writer.close();
  }

  /** A file that is written anew between its being found and its being read is read as it is then. */
  async #read(path: string, part: (file: File) => Blob): Promise<Uint8Array<ArrayBuffer>> {
    for (let left = READS; ; left--) {
      const file = await this.#blob(path);
      try {
        return new Uint8Array(await part(file).arrayBuffer());
      } catch (error) {
        const stale = ['NotReadableError', 'NotFoundError'].includes((error as DOMException).name);
        if (!stale || left === 1) throw error;
      }
    }
  }

  async #blob(path: string): Promise<File> {
    const parts = partsOf(path);
    const folder = await this.#folder(parts.slice(0, -1), false);
    return (await folder.getFileHandle(parts[parts.length - 1] ?? '.')).getFile();
  }

  async #folder(parts: readonly string[], create: boolean): Promise<FileSystemDirectoryHandle> {
    let folder = this.#root;
    for (const part of parts) folder = await folder.getDirectoryHandle(part, { create });
    return folder;
  }

  async #find(path: string): Promise<FileSystemHandle | null> {
    const parts = partsOf(path);
    const name = parts.pop();
    try {
      const folder = await this.#folder(parts, false);
      if (name === undefined) return folder;
      return await folder.getFileHandle(name).catch((error) => {
        if ((error as DOMException).name !== 'TypeMismatchError') throw error;
        return folder.getDirectoryHandle(name);
      });
    } catch (error) {
      if (['NotFoundError', 'TypeMismatchError'].includes((error as DOMException).name)) return null;
      throw error;
    }
  }
}

/** How often a file is read that is written anew meanwhile. */
const READS = 20;

/** Bytes that are copied at a time. */
const SLICE = 4 * 2 ** 20;

/** What a user can do about the errors of a browser. */
const ADVICE: Record<string, string> = {
  NotFoundError: 'it does not exist; check the path',
  TypeMismatchError: 'it is not of the kind that is expected there (file or folder); check the path',
  QuotaExceededError: "the browser's storage is full; remove models or free some space on the disk",
  NotAllowedError: 'the page may not; allow it in the browser',
  NoModificationAllowedError: 'another page is writing it; close that page',
};

async function guarded<T>(doing: string, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof FusionclipError) throw cause;
    const { name, message } = cause as Error;
    throw new FusionclipError('io', `Cannot ${doing} ${path}: ${ADVICE[name] ?? message}.`, { cause });
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/** What browsers call the file that a writer writes before it is closed. */
function isTemporary(name: string): boolean {
  return name.endsWith('.crswap');
}

/** Entries of a folder; TypeScript's library does not know that it can be gone through. */
function entriesOf(folder: FileSystemDirectoryHandle): AsyncIterable<FileSystemHandle> {
  return (folder as unknown as { values(): AsyncIterable<FileSystemHandle> }).values();
}
