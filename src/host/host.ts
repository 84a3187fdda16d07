import type { FileSystem } from '../base/file_system.ts';
import type { Link } from '../base/link.ts';
import type { Persistence } from '../hub/persist.ts';

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

/** This program once more, in a process that ends with the one that has started it. */
export interface Another {
  /** Lines of its standard output, to its end; its standard error is this process's. */
  readonly lines: AsyncIterable<string>;
  /** Its exit code; null where a signal has ended it. */
  readonly ended: Promise<number | null>;
  /** Writes a line to its standard input. */
  send(line: string): void;
  /** Ends it at once. */
  kill(): void;
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
  /** How wide the terminal is; null where there is none. */
  readonly columns?: () => number | null;
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
  /** How what a server breaks off is repeated: a wait is told, and ends with a stop. */
  readonly persistence?: Persistence;
  /**
   * Runs this program with these arguments in every runtime of the machine and collects the JSON in its last line of
   * output, within a minute each. Only where a launcher stands behind the program; undefined in an ordinary page.
   */
  readonly probe?: (args: readonly string[]) => Promise<RuntimeReport[]>;
  /** The adapters of the machine as `--adapter` numbers them, and why one cannot be chosen. Only from the command line. */
  readonly adapters?: () => readonly { readonly name: string; readonly fault: string | null }[];
  /** Starts this program anew in the same runtime, with these arguments. Only in Deno and Node, from the command line. */
  readonly another?: (args: readonly string[]) => Another;
  /** Lines of standard input, to its end. Only in Deno and Node. */
  readonly lines?: () => AsyncIterable<string>;
  /**
   * A package of npm that not every machine has. Only in Deno and Node.
   * @throws FusionclipError `usage` where it is not installed
   */
  readonly optional?: (name: string) => Promise<unknown>;
  /** Connects to a worker of a training, or to a training. Not in an ordinary page. */
  readonly dial?: (address: string, secret: string, authority: string | null) => Promise<Link>;
  /** How servers of DICOMweb are asked where the runtime's own `fetch` does not do: by a page with a launcher behind it. */
  readonly dicomWebFetch?: typeof fetch;
  /** Waits for trainings that ask for a worker. Only in Deno and Node. */
  readonly listen?: typeof import('./links.ts').listen;
  /** Flushes output and ends the program with this exit code. */
  exit(code: number): Promise<never>;
}
