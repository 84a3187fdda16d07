import type { FileSystem } from '../base/file_system.ts';

/** The runtimes that the program runs in; `page` is an ordinary browser page without a launcher behind it. */
export type RuntimeName = 'deno' | 'node' | 'chrome' | 'page';

/** What `fusionclip doctor` learns about one runtime. */
export interface RuntimeReport {
  readonly name: 'deno' | 'node' | 'chrome';
  /** Whether the runtime and what it needs are installed. */
  readonly found: boolean;
  /** The executable. */
  readonly path: string | null;
  readonly version: string | null;
  /** The JSON value that the program wrote there, or null. */
  readonly answer: unknown;
  /** One sentence about what went wrong or is missing, or null. */
  readonly error: string | null;
}

/** Everything outside the program: files, terminal, WebGPU entry point, interrupts. */
export interface Host extends FileSystem {
  readonly runtime: RuntimeName;
  /** Version of the runtime, e.g. `2.9.6`. */
  readonly version: string;
  /** Command-line arguments after the program's own name. */
  readonly args: readonly string[];
  /** Whether standard error is a terminal (progress line) or not (one JSON line a step). */
  readonly isTerminal: boolean;
  /** WebGPU's entry point, or null where there is none. In Node this creates the Dawn instance once. */
  gpu(): Promise<GPU | null>;
  /** An environment variable, or undefined. */
  env(name: string): string | undefined;
  /** Writes to standard output. */
  stdout(text: string): void;
  /** Writes to standard error. */
  stderr(text: string): void;
  /** Calls `handler` on Ctrl-C / SIGTERM in place of ending the process; returns a function that undoes it. */
  onInterrupt(handler: () => void): () => void;
  /**
   * Runs this program with these arguments in every runtime of the machine and collects the JSON in its last line of
   * output, within a minute each. Only where a launcher stands behind the program; undefined in an ordinary page.
   */
  readonly probe?: (args: readonly string[]) => Promise<RuntimeReport[]>;
  /** Flushes output and ends the program with this exit code. */
  exit(code: number): Promise<never>;
}
