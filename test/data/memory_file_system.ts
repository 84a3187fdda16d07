import { joined } from '../../src/base/bytes.ts';
import { FusionclipError } from '../../src/base/errors.ts';
import type { Entry, EntryKind, FileSystem, FileWriter } from '../../src/base/file_system.ts';

/** A file system in memory for tests of whatever reads data sets. Folders exist when a file lies below them. */
export class MemoryFileSystem implements FileSystem {
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
  /** Paths that were read, in order. */
  readonly reads: string[] = [];
  /** Symbolic links: where each leads, from the root. */
  readonly links = new Map<string, string>();
  /** FIFOs and sockets; reading one would wait for ever. */
  readonly specials = new Set<string>();

  constructor(files: Iterable<readonly [string, Uint8Array]> = []) {
    this.files = new Map(Array.from(files, ([path, bytes]) => [path, new Uint8Array(bytes)]));
  }

  async readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
    this.reads.push(path);
    const real = this.#real(path);
    if (this.specials.has(real)) throw new Error(`${path} is never read`);
    const bytes = this.files.get(real);
    if (!bytes) throw new FusionclipError('io', `${path} does not exist.`, { cause: { code: 'ENOENT' } });
    return bytes.slice();
  }

  async readRange(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return (await this.readFile(path)).slice(offset, offset + length);
  }

  async stat(path: string): Promise<{ kind: EntryKind; bytes: number } | null> {
    const kind = this.#kind(this.#real(path));
    return kind && { kind, bytes: this.files.get(this.#real(path))?.length ?? 0 };
  }

  async list(path: string): Promise<Entry[]> {
    const start = `${this.#real(path)}/`;
    const found = new Map<string, Entry>();
    for (const name of [...this.files.keys(), ...this.specials, ...this.links.keys()]) {
      if (!name.startsWith(start)) continue;
      const [first] = name.slice(start.length).split('/');
      const whole = start + first;
      const link = this.links.has(whole);
      found.set(first, { name: first, kind: this.#kind(this.#real(whole)) ?? 'broken', ...(link && { link }) });
    }
    return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async realPath(path: string): Promise<string> {
    return this.#real(path);
  }

  /** A path with all links on the way followed; one that leads round in a circle leads nowhere. */
  #real(path: string): string {
    let real = path;
    for (let steps = 0; steps < 40; steps++) {
      const link = [...this.links.keys()].find((one) => real === one || real.startsWith(`${one}/`));
      if (link === undefined) return real;
      real = this.links.get(link)! + real.slice(link.length);
    }
    return '/nowhere';
  }

  #kind(real: string): EntryKind | null {
    if (this.files.has(real)) return 'file';
    if (this.specials.has(real)) return 'special';
    const below = (name: string) => name.startsWith(`${real}/`);
    return [...this.files.keys(), ...this.links.keys()].some(below) ? 'directory' : null;
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
    if ([...this.files.keys()].some((path) => path.startsWith(`${to}/`)))
      throw new FusionclipError('io', `${to} is not empty.`);
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
    const parts: Uint8Array[] = [];
    return {
      write: async (bytes) => void parts.push(bytes.slice()),
      close: () => this.writeFile(path, joined(parts)),
      abort: async () => {},
    };
  }

  async createAppender(): Promise<FileWriter> {
    throw new Error('not needed here');
  }
}
