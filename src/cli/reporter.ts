import { formatDuration, timeLeft } from '../base/progress.ts';
import { CLEAR, visible } from '../base/visible.ts';
import type { Host } from '../host/host.ts';
import type { PairStepEvent } from '../pretrain/index.ts';
import type { RunEvent } from '../run/events.ts';

/** Milliseconds between two updates of the progress line. */
const EVERY = 100;

/** Milliseconds between two lines of a log about something that takes a while. */
const LOG_EVERY = 5000;

/** What a log gets. */
export interface LogOptions {
  /** Milliseconds between two lines about steps; 0, the default: a line for each. */
  readonly stepsEvery?: number;
}

/**
 * Shows events on standard error: on a terminal one line that is updated, otherwise one JSON line a step, evaluation,
 * note and finished stage, every few seconds how far a stage is, and where nothing is heard of for that long that the program lives.
 */
export class Reporter {
  readonly #host: Host;
  #line = '';
  #shown = performance.now();
  /** When the last line was said, and after which event. */
  #spoken = performance.now();
  #after: Record<string, unknown> = {};
  readonly #stepsEvery: number;

  constructor(host: Host, { stepsEvery = 0 }: LogOptions = {}) {
    this.#host = host;
    this.#stepsEvery = stepsEvery;
  }

  /**
   * From now on a log gets a line `{"type":"alive", …}` whenever nothing was said for some seconds: a step of a large model takes
   * minutes in software, and CI servers end what is silent. The returned function ends it.
   */
  beat(every = LOG_EVERY): () => void {
    if (this.#host.isTerminal) return () => {};
    const start = performance.now();
    const timer = setInterval(() => {
      if (performance.now() - this.#spoken < every) return;
      const seconds = Math.round((performance.now() - start) / 1000);
      this.say(JSON.stringify({ type: 'alive', seconds, after: this.#after }));
    }, every / 5);
    return () => clearInterval(timer);
  }

  /** Takes an event of a run. */
  readonly listen = (event: RunEvent | PairStepEvent): void => {
    if (!this.#host.isTerminal) {
      this.#after = placeOf(event) ?? this.#after;
      if (event.type === 'note') this.say(`fusionclip: ${event.text}`);
      else if (event.type === 'step' && this.#stepsEvery > 0) {
        if (event.step === event.steps || this.#isDue(this.#stepsEvery)) this.say(JSON.stringify(event));
      } else if (event.type !== 'stage' || event.done === event.total || this.#isDue(LOG_EVERY)) {
        this.say(JSON.stringify(event));
      }
      return;
    }
    if (event.type === 'note') this.say(`fusionclip: ${event.text}`);
    else if (event.type === 'eval') this.say(evalLine(event));
    else if (event.type === 'step') this.#update(stepLine(event));
    else if (event.type === 'pairs') this.#update(pairLine(event));
    else this.#update(stageLine(event), event.done === event.total);
  };

  /** A line that stays. */
  say(text: string): void {
    this.clear();
    this.#spoken = performance.now();
    this.#host.stderr(`${text}\n`);
  }

  /** Takes the progress line away. */
  clear(): void {
    if (this.#line) this.#host.stderr(CLEAR);
    this.#line = '';
  }

  /** Whether so many milliseconds have passed since this was last true. */
  #isDue(milliseconds: number): boolean {
    const now = performance.now();
    if (now - this.#shown < milliseconds) return false;
    this.#shown = now;
    return true;
  }

  #update(line: string, always = false): void {
    if (!this.#isDue(EVERY) && !always) return;
    const columns = this.#host.columns?.() ?? 80;
    this.#line = visible(line).slice(0, columns - 1);
    this.#host.stderr(`${CLEAR}${this.#line}`);
  }
}

/** Where a run is after an event; null for what says nothing of it. */
function placeOf(event: RunEvent | PairStepEvent): Record<string, unknown> | null {
  if (event.type === 'stage') return { what: event.what, done: event.done, total: event.total };
  if (event.type === 'step' || event.type === 'pairs') return { step: event.step, steps: event.steps };
  return null;
}

function stageLine({ what, done, total, etaSeconds }: RunEvent & { type: 'stage' }): string {
  return `${what}: ${done} of ${total}${leftText(etaSeconds)}`;
}

function stepLine(event: RunEvent & { type: 'step' }): string {
  const { epoch, epochs, step, steps, loss, etaSeconds, etaRange } = event;
  return `epoch ${epoch}/${epochs} · step ${step}/${steps} · loss ${loss.toFixed(4)}${leftText(etaSeconds, etaRange)}`;
}

/** Nothing while nobody can tell. */
function leftText(seconds: number | null | undefined, range?: readonly [number, number]): string {
  return seconds === null || seconds === undefined
    ? ''
    : ` · ${timeLeft(...(range ?? ([seconds, seconds] as const))).text}`;
}

function pairLine({ step, steps, size, loss, pairsPerSecond, etaSeconds }: PairStepEvent): string {
  const speed = `${pairsPerSecond.toFixed(1)} pairs/s`;
  return `step ${step}/${steps} · ${size} px · loss ${loss.toFixed(4)} · ${speed} · ${formatDuration(etaSeconds)} left`;
}

function evalLine({ epoch, on, score, best }: RunEvent & { type: 'eval' }): string {
  const pixel = score.pixel === null ? '' : `, pixel AUROC ${score.pixel.toFixed(4)}`;
  const where = on === 'valid' ? 'remaining valid images' : 'TEST images (oracle)';
  return `epoch ${epoch}: image AUROC ${score.image.toFixed(4)}${pixel} on the ${where}${best ? ', best so far' : ''}`;
}
