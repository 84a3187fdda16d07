import { FusionclipError } from '../../src/base/errors.ts';
import type { RunEvent } from '../../src/run/events.ts';
import { pageWords } from './words.ts';

/** Of a series of which one slice alone is scored. */
const ALONE = 'it is one slice alone (accepted)';

/** The piece of work under way: what stops it, and what it says, in the words of the page. */
export class Work {
  readonly #onEvent: (event: RunEvent) => void;
  #control = new AbortController();
  #notes: string[] = [];

  constructor(onEvent: (event: RunEvent) => void) {
    this.#onEvent = onEvent;
  }

  /** Begins another one, which nothing has stopped yet. */
  begin(): void {
    this.#control = new AbortController();
    this.#notes = [];
  }

  stop(): void {
    this.#control.abort(new FusionclipError('interrupted', 'Stopped.'));
  }

  get signal(): AbortSignal {
    return this.#control.signal;
  }

  /** What it has said so far. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  /** Takes an event of a run. */
  readonly listen = (event: RunEvent): void => {
    if (event.type !== 'note') {
      this.#onEvent(event);
      return;
    }
    const text = pageWords(event.text);
    // A slice alone is what was meant.
    if (text.endsWith(ALONE) || this.#notes.includes(text)) return;
    this.#notes.push(text);
    this.#onEvent({ ...event, text });
  };

  /** A listener for loops of the page itself, which it stops. */
  readonly stage = (what: string) => {
    const { signal } = this;
    return (done: number, total: number): void => {
      signal.throwIfAborted();
      this.#onEvent({ type: 'stage', what, done, total });
    };
  };
}
