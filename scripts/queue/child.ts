/** Processes that do not outlive the script which started them, however that ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import process from 'node:process';
import { LEASH } from '../../src/host/leash.ts';
import { within } from './bounds.ts';

const living = new Set<Child>();
const killAll = () => {
  for (const one of living) one.kill();
};
process.on('exit', killAll);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => process.exit(128 + constants.signals[signal]));
}

/** Letters that are kept of what a process said. */
const KEPT = 4000;

/**
 * A process on a leash: its standard input ends with this script, also when that is killed, and our programs end then. Whatever it says
 * comes through pipes of this script's own, so that none of them holds the script's output open.
 */
export class Child {
  readonly #process: ChildProcess;
  /** What it ended with: a code, a signal, or why it did not start. */
  readonly ended: Promise<number | string>;
  /** The same; null while it runs. */
  end: number | string | null = null;
  /** The last of what it wrote to either stream. */
  text = '';

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(command, args, {
      env: { ...process.env, ...env, [LEASH]: '1' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#process = child;
    child.stdin.on('error', () => {}); // it has ended
    living.add(this);
    this.ended = new Promise((resolve) => {
      const over = (end: number | string) => {
        living.delete(this);
        this.end = end;
        resolve(end);
      };
      child.once('error', (error) => over(`it does not start (${error.message})`));
      // Not `close`: a process of its own may hold its streams open.
      child.once('exit', (code, signal) => setTimeout(() => over(code ?? signal ?? 1), 50));
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.text = (this.text + text).slice(-KEPT);
      });
    }
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Calls for each whole line that it writes to standard output. */
  onLine(listener: (line: string) => void): void {
    let rest = '';
    this.#process.stdout!.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) listener(line);
    });
  }

  /** Ends it at once; one that is gone stays so. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** Kills it and waits until it is gone. */
  async close(): Promise<void> {
    this.kill();
    await within(this.ended, { seconds: 20, what: `process ${this.pid} to be gone after kill -9` });
  }
}
