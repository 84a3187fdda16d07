import { FusionclipError } from '../../src/base/errors.ts';
import type { FileSystem, FileWriter } from '../../src/base/file_system.ts';

/** A file system in memory for tests of whatever reads data sets. Folders exist when a file lies below them. */
export class MemoryFileSystem implements FileSystem {
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
  /** Paths that were read, in order. */
  readonly reads: string[] = [];

  constructor(files: Iterable<readonly [string, Uint8Array]> = []) {
    this.files = new Map(Array.from(files, ([path, bytes]) => [path, new Uint8Array(bytes)]));
  }

  async readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
    this.reads.push(path);
    const bytes = this.files.get(path);
    if (!bytes) throw new FusionclipError('io', `${path} does not exist.`);
    return bytes;
  }

  async readRange(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return (await this.readFile(path)).slice(offset, offset + length);
  }

  async stat(path: string): Promise<{ kind: 'file' | 'directory'; bytes: number } | null> {
    const file = this.files.get(path);
    if (file) return { kind: 'file', bytes: file.length };
    for (const name of this.files.keys()) if (name.startsWith(`${path}/`)) return { kind: 'directory', bytes: 0 };
    return null;
  }

  async list(path: string): Promise<{ name: string; kind: 'file' | 'directory' }[]> {
    const found = new Map<string, 'file' | 'directory'>();
    for (const name of this.files.keys()) {
      if (!name.startsWith(`${path}/`)) continue;
      const [first, ...rest] = name.slice(path.length + 1).split('/');
      found.set(first, rest.length > 0 ? 'directory' : 'file');
    }
    return [...found].map(([name, kind]) => ({ name, kind })).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async writeFile(path: string, bytes: Uint8Array | string): Promise<void> {
    this.files.set(path, new Uint8Array(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes));
  }

  async appendFile(path: string, text: string): Promise<void> {
    const before = this.files.get(path) ?? new Uint8Array(0);
    await this.writeFile(path, new TextDecoder().decode(before) + text);
  }

  async makeDir(): Promise<void> {}

  async rename(from: string, to: string): Promise<void> {
    for (const [path, bytes] of [...this.files]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      this.files.delete(path);
      this.files.set(to + path.slice(from.length), bytes);
    }
  }

  async remove(path: string): Promise<void> {
    for (const name of [...this.files.keys()]) {
      if (name === path || name.startsWith(`${path}/`)) this.files.delete(name);
    }
  }

  async createWriter(path: string): Promise<FileWriter> {
    const parts: number[] = [];
    return {
      write: async (bytes) => {
        for (const byte of bytes) parts.push(byte);
      },
      close: () => this.writeFile(path, Uint8Array.from(parts)),
      abort: async () => {},
    };
  }

  async createAppender(): Promise<FileWriter> {
    throw new Error('not needed here');
  }
}
