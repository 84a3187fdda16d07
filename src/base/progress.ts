/** Seconds over which the speed is averaged, so that the remaining time follows a change but does not jump. */
const WINDOW = 20;

/** Measures steps and foresees the end. */
export class Pace {
  readonly #now: () => number;
  readonly #start: number;
  readonly #window: number;
  /** Times of the last steps in seconds, oldest first. */
  readonly #ticks: number[];

  /**
   * @param now milliseconds
   * @param window seconds over which the speed is averaged
   */
  constructor(now: () => number = () => performance.now(), window = WINDOW) {
    this.#now = now;
    this.#window = window;
    this.#start = now();
    this.#ticks = [0];
  }

  /**
   * Says that one more step is done.
   * @param left steps that remain
   */
  tick(left: number): { seconds: number; etaSeconds: number } {
    const seconds = (this.#now() - this.#start) / 1000;
    this.#ticks.push(seconds);
    while (this.#ticks.length > 2 && this.#ticks[1] < seconds - this.#window) this.#ticks.shift();
    const each = (seconds - this.#ticks[0]) / (this.#ticks.length - 1);
    return { seconds, etaSeconds: left * each };
  }
}

/** Seconds below which no number is said: what compiles or is written to the disk in them is not foreseen. */
const FEW = 8;

/** Ends that are no further apart are said as one number. */
const NEAR = 1.2;

/** What is said of the time that is left, and the seconds that the words stand for. */
export interface TimeLeft {
  readonly text: string;
  readonly least: number;
  readonly most: number;
}

/** `about 45 s left`; a few seconds are no number, and ends that are far apart are both said. */
export function timeLeft(least: number, most = least): TimeLeft {
  if (most < FEW) return { text: 'a few seconds left', least: 0, most: FEW };
  if (least < FEW && most > NEAR * least) return { text: `up to ${formatDuration(most)} left`, least: 0, most };
  if (most > NEAR * least) return { text: `${formatDuration(least)} to ${formatDuration(most)} left`, least, most };
  const about = middleOf(least, most);
  return { text: `about ${formatDuration(about)} left`, least: about, most: about };
}

/** How far what was said is off, as a share of what `was` left: 0 between its ends. */
export function offBy({ left, was }: { readonly left: TimeLeft; readonly was: number }): number {
  if (was < left.least) return left.least / was - 1;
  return was > left.most ? left.most / was - 1 : 0;
}

/** The number that is wrong by the same share whichever of the two is right. */
export function middleOf(least: number, most: number): number {
  return least + most > 0 ? (2 * least * most) / (least + most) : 0;
}

/** `45 s`, `3 min 20 s`, `2 h 05 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}
