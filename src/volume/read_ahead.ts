import type { FileSystem } from '../base/file_system.ts';

/** Files that are being read while those before them are decoded: a disk gives more to who asks for several at once. */
const AHEAD = 8;

/** Bytes that they have together, where files are as large as the last one; the next one is read whatever its size. */
const AHEAD_BYTES = 2 ** 25;

/** Reads files that are asked for one after the other before they are asked for. */
export class ReadAhead {
  readonly #fs: FileSystem;
  readonly #paths: readonly string[];
  readonly #begun = new Map<string, Promise<Uint8Array>>();
  #size: number | null = null;

  /** @param paths in the order in which they may be asked for */
  constructor(fs: FileSystem, paths: readonly string[]) {
    this.#fs = fs;
    this.#paths = paths;
  }

  /** The bytes of file `k`. @param inTurn whether those behind it are likely to be asked for next. @throws FusionclipError `io` */
  async read(k: number, inTurn: boolean): Promise<Uint8Array> {
    if (!inTurn) this.forget();
    const path = this.#paths[k];
    const own = this.#begun.get(path) ?? this.#fs.readFile(path);
    this.#begun.delete(path);
    if (inTurn) this.#begin(k + 1);
    const bytes = await own;
    const isFirst = this.#size === null;
    this.#size = Math.max(1, bytes.length);
    if (inTurn && isFirst) this.#begin(k + 1);
    return bytes;
  }

  /** Begins to read files from one on; how many is known when one is there. */
  #begin(first: number): void {
    if (this.#size === null) return;
    const count = Math.max(1, Math.min(AHEAD, Math.floor(AHEAD_BYTES / this.#size)));
    for (const next of this.#paths.slice(first, first + count)) {
      if (this.#begun.has(next)) continue;
      const bytes = this.#fs.readFile(next);
      bytes.catch(() => {}); // who asks for that file is told
      this.#begun.set(next, bytes);
    }
  }

  /** Lets go of what was read and not asked for. */
  forget(): void {
    this.#begun.clear();
  }
}
