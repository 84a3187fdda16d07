import type { FileSystem } from './file_system.ts';

/**
 * A log of one JSON value a line. Lines gather in memory and reach the disk together with a checkpoint, so a run that is
 * resumed from it can drop what it will do again.
 */
export class JsonLines {
  readonly path: string;
  readonly #fs: FileSystem;
  #lines: string[] = [];
  #written = 0;

  constructor(fs: FileSystem, path: string) {
    this.#fs = fs;
    this.path = path;
  }

  /** Lines so far, written or not. */
  get lines(): number {
    return this.#written + this.#lines.length;
  }

  /** Adds a line, which reaches the disk with the next {@link flush}. */
  add(line: unknown): void {
    this.#lines.push(JSON.stringify(line));
  }

  async flush(): Promise<void> {
    if (this.#lines.length === 0) return;
    await this.#fs.appendFile(this.path, `${this.#lines.join('\n')}\n`);
    this.#written += this.#lines.length;
    this.#lines = [];
  }

  /** Keeps the first `lines` lines of the file: those after a checkpoint are written again by the resumed run. */
  async keep(lines: number): Promise<void> {
    const old = (await this.#fs.stat(this.path)) ? new TextDecoder().decode(await this.#fs.readFile(this.path)) : '';
    const kept = old.split('\n').slice(0, lines);
    await this.#fs.writeFile(this.path, kept.length > 0 ? `${kept.join('\n')}\n` : '');
    this.#written = kept.length;
    this.#lines = [];
  }
}
