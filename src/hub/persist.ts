import { FusionclipError } from '../base/errors.ts';

/** How a broken transfer is repeated. */
export interface Persistence {
  /** Waits so many milliseconds before the given repetition (1, 2, …); by default by the clock. */
  readonly pause?: (attempt: number, milliseconds: number) => Promise<void>;
  /** Is told of a wait that a server asks for. */
  readonly say?: (text: string) => void;
  /** Has `handler` called when the program is told to stop, where something else hears that too; what it returns undoes it. */
  readonly onStop?: (handler: () => void) => () => void;
}

/** A connection that broke: another attempt may go on where it ended. */
export class BrokenTransfer extends Error {
  /** Milliseconds that the server wants to be left alone before. */
  readonly after: number;

  constructor(reason: string, after = 0) {
    super(reason);
    this.after = after;
  }
}

/** A server that did not answer at all: what was to come has not begun. */
export class NoAnswer extends BrokenTransfer {
  readonly host: string;

  constructor(host: string, reason: string) {
    super(reason);
    this.host = host;
  }
}

/** Repetitions in a row that bring nothing. */
const MOST_REPEATS = 5;
/** Milliseconds that are waited at most because a server asks for it. */
const LONGEST_WAIT = 300_000;

/**
 * What a status comes to that may be another one the next time (429, 503): a broken transfer, with the wait that the server asks for.
 * @throws FusionclipError `io` for a wait that nobody is kept waiting for
 */
export function busy(place: string, status: number, headers: Headers): BrokenTransfer {
  const after = retryAfter(headers);
  const text = `${place} answers with status ${status}`;
  if (after <= LONGEST_WAIT) return new BrokenTransfer(text, after);
  const wait = `wants to be left alone for ${durationOf(after)}`;
  throw new FusionclipError('io', `${text} and ${wait}; give the same command again after that.`);
}

/** Milliseconds of `Retry-After`, which holds seconds or a time, by the server's own clock where it tells that; 0 for none and nonsense. */
function retryAfter(headers: Headers): number {
  const text = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // A time has its day in letters; what else `Date` takes for one is none here.
  const until = /^[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  const own = Date.parse(headers.get('date') ?? '');
  return Math.max(0, until - (Number.isNaN(own) ? Date.now() : own)) || 0;
}

function durationOf(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.ceil(seconds / 60)} minutes` : `${Math.ceil(seconds / 3600)} hours`;
}

/**
 * Does something that the network may break, again while that brings something. `work` says whether it is done.
 * @param signal ends a wait; work that hears it ends by itself
 * @throws FusionclipError `io`; `interrupted`, or the signal's reason, where a wait is ended
 */
export async function persist(
  web: Persistence,
  what: string,
  work: () => Promise<{ progress: boolean; done: boolean }>,
  signal?: AbortSignal,
): Promise<void> {
  let heard = false;
  for (let repeats = 0; ; ) {
    let broken = new BrokenTransfer('it ends too early');
    let progress = false;
    try {
      const outcome = await work();
      if (outcome.done) return;
      progress = outcome.progress;
    } catch (error) {
      if (!(error instanceof BrokenTransfer)) throw error;
      broken = error;
    }
    heard ||= !(broken instanceof NoAnswer);
    repeats = progress ? 1 : repeats + 1;
    if (repeats > MOST_REPEATS) throw givenUp(what, broken, heard);
    const usual = Math.min(250 * 2 ** repeats, 8000);
    if (broken.after > usual) web.say?.(`${broken.message} and asks for ${durationOf(broken.after)}, which are waited`);
    await pause(web, what, repeats, Math.max(usual, broken.after), signal);
  }
}

/** Waits before a repetition, unless it is told to stop. */
async function pause(
  web: Persistence,
  what: string,
  attempt: number,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  let undo: (() => void)[] = [];
  const stopped = new Promise<never>((_, reject) => {
    const interrupted = () => reject(new FusionclipError('interrupted', `Interrupted before ${what} was here.`));
    const aborted = () => reject(signal!.reason);
    signal?.addEventListener('abort', aborted);
    undo = [() => signal?.removeEventListener('abort', aborted), web.onStop?.(interrupted) ?? (() => {})];
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const passed = new Promise<void>((resolve) => {
    if (!web.pause) timer = setTimeout(resolve, milliseconds);
  });
  try {
    await Promise.race([web.pause?.(attempt, milliseconds) ?? passed, stopped]);
  } finally {
    // A clock that goes on would keep a program from its end.
    clearTimeout(timer);
    for (const one of undo) one();
  }
}

/** @param heard whether the server has answered anything */
function givenUp(what: string, broken: BrokenTransfer, heard: boolean): FusionclipError {
  const text =
    broken instanceof NoAnswer && !heard
      ? `${broken.host} cannot be reached, so nothing of ${what} is here (${broken.message}); look at this machine's network, proxy and firewall, then give the same command again.`
      : `The transfer of ${what} breaks off again and again (${broken.message}); the same command goes on where it ended.`;
  return new FusionclipError('io', text);
}

/** As a host has it: what is waited for is said on standard error, and `waiting` holds who is to be told of a stop. */
export function persistenceOf(stderr: (text: string) => void, waiting: Set<() => void>): Persistence {
  return {
    say: (text) => stderr(`fusionclip: ${text}\n`),
    onStop(handler) {
      waiting.add(handler);
      return () => void waiting.delete(handler);
    },
  };
}
