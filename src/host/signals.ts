import process from 'node:process';

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

/** Goes on when the reader of this process's output goes away (`fusionclip … | head`): that is no failure. */
export function tolerateClosedPipes(): void {
  if (tolerant) return;
  tolerant = true;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}
