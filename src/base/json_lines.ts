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

  /**
   * Keeps the first `lines` lines of the file: those after a checkpoint are written again by the resumed run. A line that
   * was cut short, by a machine that went down, is dropped with all that follow it.
   * @returns how many of the lines are missing
   */
  async keep(lines: number): Promise<number> {
    const old = (await this.#fs.stat(this.path)) ? new TextDecoder().decode(await this.#fs.readFile(this.path)) : '';
    const all = old.split('\n').slice(0, lines);
    const torn = all.findIndex((line) => !isJson(line));
    const kept = torn < 0 ? all : all.slice(0, torn);
    await this.#fs.writeFile(this.path, kept.map((line) => `${line}\n`).join(''));
    this.#written = kept.length;
    this.#lines = [];
    return lines - kept.length;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
