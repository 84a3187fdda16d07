import { visible } from '../base/visible.ts';
import { goOnAdvice } from '../host/killed.ts';

/**
 * Milliseconds in which a program that got SIGTERM may save its state; then it is ended, as at `kill -9`, which its files outlive. Whoever
 * sends SIGTERM (a container, a queue) does not wait long; whoever presses Ctrl-C can press it again.
 */
export const TERM_PATIENCE = 1500;

/** What is said of a program that had no more time. @param args of its command line */
export function outOfTimeNote(args: readonly string[]): string {
  return visible(`fusionclip: it could not stop in time, so it was ended; ${goOnAdvice(args)}.`).concat('\n');
}
