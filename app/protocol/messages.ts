/** What goes between the page and its worker: calls, replies and events, data that can be cloned. */
import type { ErrorCode } from '../../src/base/errors.ts';
import type { RunEvent } from '../../src/run/events.ts';
import type { Calls } from './calls.ts';

/** From the page to the worker. */
export interface Request {
  readonly id: number;
  readonly call: keyof Calls;
  readonly args: readonly unknown[];
}

/** A failure, as it is cloned; `code` is null when it was not foreseen. */
export interface Failure {
  readonly code: ErrorCode | null;
  readonly message: string;
  /** Whether a training was broken off that can go on. */
  readonly resumable: boolean;
  /** Files of a data set without which the failure would be gone. */
  readonly leave: readonly string[];
  /** What of series has to be accepted so that it would be gone. */
  readonly accept: readonly string[];
  /** Of how many volumes one has to be chosen so that it would be gone; else 0. */
  readonly volumes: number;
}

/** From the worker to the page. */
export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: Failure }
  | { readonly event: RunEvent }
  /** The worker's script runs. */
  | { readonly ready: true };
