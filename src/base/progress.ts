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

/** `45 s`, `3 min 20 s`, `2 h 05 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}
