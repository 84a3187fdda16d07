import type { FileSystem } from '../base/file_system.ts';

/** Files that are being read while those before them are decoded: a disk gives more to who asks for several at once. */
const AHEAD = 3;

/** Reads files that are asked for one after the other before they are asked for. */
export class ReadAhead {
  readonly #fs: FileSystem;
  readonly #paths: readonly string[];
  readonly #begun = new Map<string, Promise<Uint8Array>>();

  /** @param paths in the order in which they may be asked for */
  constructor(fs: FileSystem, paths: readonly string[]) {
    this.#fs = fs;
    this.#paths = paths;
  }

  /** The bytes of file `k`. @param inTurn whether those behind it are likely to be asked for next. @throws FusionclipError `io` */
  read(k: number, inTurn: boolean): Promise<Uint8Array> {
    if (!inTurn) this.forget();
    const path = this.#paths[k];
    const own = this.#begun.get(path) ?? this.#fs.readFile(path);
    this.#begun.delete(path);
    if (!inTurn) return own;
    for (const next of this.#paths.slice(k + 1, k + 1 + AHEAD)) {
      if (this.#begun.has(next)) continue;
      const bytes = this.#fs.readFile(next);
      bytes.catch(() => {}); // who asks for that file is told
      this.#begun.set(next, bytes);
    }
    return own;
  }

  /** Lets go of what was read and not asked for. */
  forget(): void {
    this.#begun.clear();
  }
}
