import process from 'node:process';
import { ioError } from './disk.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Two copies of one Ctrl-C, the terminal's and the launcher's, arrive within this time, in milliseconds. */
const SAME = 100;

/**
 * Calls `handler` for each request to stop this process, with how many there have been, in place of stopping; returns a
 * function that undoes it.
 */
export function onSignals(handler: (count: number, signal: NodeJS.Signals) => void): () => void {
  let count = 0;
  let last = Number.NEGATIVE_INFINITY;
  const listener = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (now - last < SAME) return;
    last = now;
    handler(++count, signal);
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}

let tolerant = false;
let lostOutput: string | null = null;

/**
 * Goes on when this process's output cannot be written. That its reader has gone away (`fusionclip … | head`) is no
 * failure; that results did not reach a full disk is one, see {@link outputLost}. What is said of the progress may be lost.
 */
export function tolerateClosedPipes(): void {
  if (tolerant) return;
  tolerant = true;
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error) => outputFailed(error));
}

/** Writes a piece of the results. */
export function writeOutput(text: string): void {
  try {
    process.stdout.write(text);
  } catch (error) {
    outputFailed(error); // Deno throws where Node tells the stream
  }
}

function outputFailed(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') return;
  lostOutput ??= ioError('write', 'standard output', error).message;
}

/** Why results did not reach standard output, or null. */
export function outputLost(): string | null {
  return lostOutput;
}
