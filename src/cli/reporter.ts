import { formatDuration } from '../base/progress.ts';
import { CLEAR, visible } from '../base/visible.ts';
import type { Host } from '../host/host.ts';
import type { PairStepEvent } from '../pretrain/index.ts';
import type { RunEvent } from '../run/events.ts';

/** Milliseconds between two updates of the progress line. */
const EVERY = 100;

/** Milliseconds between two lines of a log about something that takes a while. */
const LOG_EVERY = 5000;

/**
 * Shows events on standard error: on a terminal one line that is updated, otherwise one JSON line a step, evaluation,
 * note and finished stage, and every few seconds how far a stage is.
 */
export class Reporter {
  readonly #host: Host;
  #line = '';
  #shown = performance.now();

  constructor(host: Host) {
    this.#host = host;
  }

  /** Takes an event of a run. */
  readonly listen = (event: RunEvent | PairStepEvent): void => {
    if (!this.#host.isTerminal) {
      if (event.type === 'note') this.say(`fusionclip: ${event.text}`);
      else if (event.type !== 'stage' || event.done === event.total || this.#isDue(LOG_EVERY)) {
        this.say(JSON.stringify(event));
      }
      return;
    }
    if (event.type === 'note') this.say(`fusionclip: ${event.text}`);
    else if (event.type === 'eval') this.say(evalLine(event));
    else if (event.type === 'step') this.#update(stepLine(event));
    else if (event.type === 'pairs') this.#update(pairLine(event));
    else this.#update(`${event.what}: ${event.done} of ${event.total}`, event.done === event.total);
  };

  /** A line that stays. */
  say(text: string): void {
    this.clear();
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
    const columns = Number(this.#host.env('COLUMNS') ?? 0) || 100;
    this.#line = visible(line).slice(0, columns - 1);
    this.#host.stderr(`${CLEAR}${this.#line}`);
  }
}

function stepLine(event: RunEvent & { type: 'step' }): string {
  const { epoch, epochs, step, steps, loss, etaSeconds } = event;
  return `epoch ${epoch}/${epochs} · step ${step}/${steps} · loss ${loss.toFixed(4)} · ${formatDuration(etaSeconds)} left`;
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
