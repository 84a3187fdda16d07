import { joined } from '../base/bytes.ts';
import type { FileSystem, FileWriter } from '../base/file_system.ts';

/** Characters that gather before they are written, and bytes that are read at once. */
const BLOCK = 2 ** 20;

/** Writes lines to a file of any length; what is in memory is one block. */
export class LineWriter {
  readonly #writer: FileWriter;
  readonly #encoder = new TextEncoder();
  #parts: string[] = [];
  #waiting = 0;
  #bytes = 0;

  private constructor(writer: FileWriter) {
    this.#writer = writer;
  }

  /** Opens a file, which is there under its name after {@link close}. */
  static async open(fs: FileSystem, path: string): Promise<LineWriter> {
    return new LineWriter(await fs.createWriter(path));
  }

  /** Bytes of what has reached the file. */
  get written(): number {
    return this.#bytes;
  }

  /** Adds text, whole lines; true where {@link flush} is due. */
  add(text: string): boolean {
    this.#parts.push(text);
    this.#waiting += text.length;
    return this.#waiting >= BLOCK;
  }

  /** Writes what has gathered. */
  async flush(): Promise<void> {
    if (this.#waiting === 0) return;
    const bytes = this.#encoder.encode(this.#parts.join(''));
    this.#parts = [];
    this.#waiting = 0;
    await this.#writer.write(bytes);
    this.#bytes += bytes.length;
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#writer.close();
  }

  async abort(): Promise<void> {
    await this.#writer.abort();
  }
}

/**
 * The lines of a file, block by block, without their ends (a line feed, also after a carriage return). What is in memory is one
 * block and its lines. Throws `io`.
 */
export async function* readLines(fs: FileSystem, path: string, block = BLOCK): AsyncGenerator<string[]> {
  let rest: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  for (let at = 0; ; at += block) {
    const bytes = await fs.readRange(path, at, block);
    const isLast = bytes.length < block;
    const end = bytes.lastIndexOf(10) + 1;
    if (end === 0 && !isLast) {
      rest = joined([rest, bytes]);
      continue;
    }
    const whole = isLast ? joined([rest, bytes]) : joined([rest, bytes.subarray(0, end)]);
    rest = bytes.slice(end);
    const lines = new TextDecoder().decode(whole).split('\n');
    if (lines.at(-1) === '') lines.pop();
    for (let i = 0; i < lines.length; i++) if (lines[i].endsWith('\r')) lines[i] = lines[i].slice(0, -1);
    if (lines.length > 0) yield lines;
    if (isLast) return;
  }
}
