import { FusionclipError } from '../../src/base/errors.ts';
import type { FileSystem, FileWriter } from '../../src/base/file_system.ts';

/** As much of a file system as a model reader needs, over a map of paths; `reads` records the ranges asked for. */
export class MemoryFiles implements FileSystem {
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly reads: { path: string; offset: number; length: number }[] = [];

  constructor(files: Record<string, string | Uint8Array> = {}) {
    for (const [path, bytes] of Object.entries(files)) this.put(path, bytes);
  }

  put(path: string, bytes: string | Uint8Array): void {
    this.files.set(path, typeof bytes === 'string' ? new TextEncoder().encode(bytes) : new Uint8Array(bytes));
  }

  async readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = this.files.get(path);
    if (!bytes) throw new FusionclipError('io', `There is no file ${path}.`);
    return bytes;
  }

  async readRange(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    this.reads.push({ path, offset, length });
    return (await this.readFile(path)).slice(offset, offset + length);
  }

  async stat(path: string): Promise<{ kind: 'file' | 'directory'; bytes: number } | null> {
    const bytes = this.files.get(path);
    if (bytes) return { kind: 'file', bytes: bytes.length };
    return (await this.list(path)).length > 0 ? { kind: 'directory', bytes: 0 } : null;
  }

  async list(path: string): Promise<{ name: string; kind: 'file' | 'directory' }[]> {
    const folder = path.endsWith('/') ? path : `${path}/`;
    const inside = [...this.files.keys()].filter((file) => file.startsWith(folder));
    return inside.map((file) => ({ name: file.slice(folder.length), kind: 'file' as const }));
  }

  async createWriter(path: string): Promise<FileWriter> {
    let whole = new Uint8Array();
    return {
      write: async (bytes) => {
        const longer = new Uint8Array(whole.length + bytes.length);
        longer.set(whole);
        longer.set(bytes, whole.length);
        whole = longer;
      },
      close: async () => this.put(path, whole),
      abort: async () => {
        whole = new Uint8Array();
      },
    };
  }

  async writeFile(path: string, bytes: Uint8Array | string): Promise<void> {
    this.put(path, bytes);
  }

  async remove(path: string): Promise<void> {
    this.files.delete(path);
  }

  async appendFile(): Promise<void> {
    throw new Error('not needed here');
  }

  async makeDir(): Promise<void> {}

  async rename(): Promise<void> {
    throw new Error('not needed here');
  }

  async createAppender(): Promise<FileWriter> {
    throw new Error('not needed here');
  }
}
