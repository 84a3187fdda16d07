import { turn } from './turn.ts';

/** Long work that stops at each `yield`, where whoever drives it may let others in. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** How long others wait at most, in milliseconds, but for what lies between two stops. */
const WAIT = 50;

/** Turns for what waits, a request to stop above all, now and then. */
export class Turns {
  readonly #signal: AbortSignal | undefined;
  #since = performance.now();

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** Whether others have waited long enough. */
  get due(): boolean {
    return performance.now() - this.#since >= WAIT;
  }

  /** @throws what the signal was fired with */
  async take(): Promise<void> {
    await turn(this.#signal);
    this.#since = performance.now();
  }
}

/** Does all of it at once. */
export function allSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Does it with turns for others, the first one before all. @throws what the signal was fired with */
export async function inTurns<T>(steps: Steps<T>, signal?: AbortSignal): Promise<T> {
  const turns = new Turns(signal);
  await turns.take();
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (turns.due) await turns.take();
  }
}
