import { type ErrorCode, FusionclipError } from '../src/base/errors.ts';
import type { RunEvent } from '../src/run/events.ts';
import type { Calls } from './protocol/calls.ts';
import type { Failure } from './protocol/messages.ts';
import { startWorker as start } from './start_worker.ts';
import address from './worker/main.ts?worker&url';

/** The worker's functions as the page calls them. */
export type Client = Calls;

/** A failure of the worker; `resumable` when a training was broken off that can go on. */
export class WorkFailure extends FusionclipError {
  readonly resumable: boolean;

  constructor(code: ErrorCode, { message, resumable, leave, accept, volumes }: Failure) {
    super(code, message, { leave, accept, volumes });
    this.resumable = resumable;
  }
}

/** Starts the worker. */
export function startWorker(onEvent: (event: RunEvent) => void, onDead: (reason: string) => void): Client {
  return start<Calls>(address, {
    onEvent,
    onDead,
    failureOf: (failure) =>
      failure.code === null ? new Error(failure.message) : new WorkFailure(failure.code, failure),
  }).calls;
}
