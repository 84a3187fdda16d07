/** What the page and its launcher say to each other over HTTP; the page's side is chrome_page.ts. */
import type { ErrorCode } from '../base/errors.ts';

/** The answer to `GET start`: what a process would know from its own environment. */
export interface Start {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly isTerminal: boolean;
}

/** A failure of the bridge: the body of an answer with status 500. */
export interface BridgeFailure {
  readonly code: ErrorCode | null;
  readonly message: string;
}

/** Bytes in one request: Chrome holds a request's body in memory two or three times. */
export const SLICE = 8 * 2 ** 20;

/** Piece of output: file descriptor (1 or 2) and text. */
export type Output = readonly [fd: 1 | 2, text: string];
