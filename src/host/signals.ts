import process from 'node:process';

/** How a program is started in another process. */
export interface LaunchOptions {
  /** A choice of `DRIVER_CHOICES`; by default the variable `FUSIONCLIP_DRIVER`, else `auto`. */
  readonly driver?: string;
  /** Environment variables to add. */
  readonly env?: Readonly<Record<string, string>>;
  /** Gets the program's standard output in place of this process's. */
  readonly onStdout?: (text: string) => void;
  /** Gets the program's standard error, and what the launcher has to say. */
  readonly onStderr?: (text: string) => void;
  /** Kills the program at once when it fires. */
  readonly signal?: AbortSignal;
}

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
