import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { LineWriter, readLines } from './line_files.ts';

/** Lines that a merge gives at once, and bytes that it reads of each run. */
const BATCH = 4096;
const RUN_BLOCK = 2 ** 18;

/**
 * Sorts any number of lines (by code units) in bounded memory: runs that fit are sorted and written, and then merged. Equal
 * lines become one.
 */
export class LineSorter {
  readonly #fs: FileSystem;
  readonly #folder: string;
  readonly #most: number;
  #lines: string[] = [];
  #size = 0;
  #runs: string[] = [];
  /** Whether something was written into the folder. */
  #spilled = false;
  #added = 0;
  #given = 0;

  /**
   * @param folder for the runs; it is removed by {@link close}
   * @param most characters in memory, each line counted as 50 more
   */
  constructor(fs: FileSystem, folder: string, most = 2 ** 27) {
    this.#fs = fs;
    this.#folder = folder;
    this.#most = most;
  }

  /** Lines that were added and not given, as another one is equal. All are known when {@link sorted} has ended. */
  get duplicates(): number {
    return this.#added - this.#given;
  }

  /** Adds a line, without its end. Returns true where {@link spill} is due. */
  add(line: string): boolean {
    this.#lines.push(line);
    this.#size += line.length + 50;
    this.#added++;
    return this.#size > this.#most;
  }

  /** Sorts what is in memory and writes it. */
  async spill(): Promise<void> {
    const path = joinPath(this.#folder, `${this.#runs.length}.txt`);
    this.#spilled = true;
    const writer = await LineWriter.open(this.#fs, path);
    try {
      for (const batch of batches(this.#take())) if (writer.add(`${batch.join('\n')}\n`)) await writer.flush();
      await writer.close();
    } catch (error) {
      await writer.abort();
      throw error;
    }
    this.#runs.push(path);
  }

  /** All lines in order, each once. */
  async *sorted(): AsyncGenerator<string[]> {
    if (this.#runs.length > 0) await this.spill();
    const source = this.#runs.length === 0 ? batches(this.#take()) : this.#merged();
    let last: string | null = null;
    for await (const batch of source) {
      const out: string[] = [];
      for (const line of batch) {
        if (line !== last) out.push(line);
        last = line;
      }
      this.#given += out.length;
      if (out.length > 0) yield out;
    }
  }

  /** Removes the runs. */
  async close(): Promise<void> {
    this.#lines = [];
    if (this.#spilled) await this.#fs.remove(this.#folder);
  }

  #take(): string[] {
    const lines = this.#lines.sort();
    this.#lines = [];
    this.#size = 0;
    return lines;
  }

  async *#merged(): AsyncGenerator<string[]> {
    const heap: Run[] = [];
    for (const path of this.#runs) {
      const run = new Run(readLines(this.#fs, path, RUN_BLOCK));
      if (await run.fill()) push(heap, run);
    }
    let out: string[] = [];
    while (heap.length > 0) {
      const [run] = heap;
      out.push(run.line);
      if (!run.step() && !(await run.fill())) {
        const last = heap.pop()!;
        if (last !== run) heap[0] = last;
      }
      if (heap.length > 0) sink(heap);
      if (out.length < BATCH) continue;
      yield out;
      out = [];
    }
    if (out.length > 0) yield out;
  }
}

/** A sorted file that is read line by line. */
class Run {
  readonly #blocks: AsyncGenerator<string[]>;
  #block: string[] = [];
  #at = 0;
  line = '';

  constructor(blocks: AsyncGenerator<string[]>) {
    this.#blocks = blocks;
  }

  /** Goes to the next line of the block; false where it ends. */
  step(): boolean {
    if (++this.#at >= this.#block.length) return false;
    this.line = this.#block[this.#at];
    return true;
  }

  /** Goes to the first line of the next block; false at the end of the file. */
  async fill(): Promise<boolean> {
    const { value, done } = await this.#blocks.next();
    if (done) return false;
    this.#block = value;
    this.#at = 0;
    this.line = value[0];
    return true;
  }
}

function push(heap: Run[], run: Run): void {
  let at = heap.push(run) - 1;
  while (at > 0) {
    const up = (at - 1) >> 1;
    if (heap[up].line <= run.line) break;
    heap[at] = heap[up];
    at = up;
  }
  heap[at] = run;
}

/** Puts the first run where it belongs. */
function sink(heap: Run[]): void {
  const run = heap[0];
  let at = 0;
  for (let down = 1; down < heap.length; down = 2 * at + 1) {
    if (down + 1 < heap.length && heap[down + 1].line < heap[down].line) down++;
    if (run.line <= heap[down].line) break;
    heap[at] = heap[down];
    at = down;
  }
  heap[at] = run;
}

function* batches(lines: string[]): Generator<string[]> {
  for (let at = 0; at < lines.length; at += BATCH) yield lines.slice(at, at + BATCH);
}
