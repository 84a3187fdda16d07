import type { AdapterClass } from './adapter.ts';

/** Operations and bytes a second of an ordinary adapter of each class: where measuring begins. */
const RATES: Readonly<Record<AdapterClass, readonly [flops: number, bytes: number]>> = {
  hardware: [1e12, 5e10],
  lavapipe: [1e10, 2e9],
  swiftshader: [4e9, 1e9],
  software: [4e9, 1e9],
};
/** Of any command, in seconds. */
const LAUNCH = 5e-6;
/** Work shorter than this tells more about waiting than about the adapter. */
const WORTH_MEASURING = 0.05;
/** Measurements that count; a pause of the host can only make one longer, so the shortest of them is believed. */
const MEMORY = 4;
/** Submits aim at this part of the budget: kernels of one adapter differ by two in the operations they do in a second. */
const AIM = 0.35;
/** An adapter may be this much faster or slower than its class. */
const SPREAD = 64;

/**
 * Decides when recorded commands are submitted, so that no submit lasts longer than a budget: browsers kill a job of some
 * seconds, and a page cannot draw while one runs. Costs are estimated from operations and bytes at the rates of the
 * adapter's class, times a factor that is measured whenever the host waits for the adapter anyway.
 */
export class SubmitBudget {
  /** Longest time of one submit in seconds. */
  readonly seconds: number;
  readonly #rates: readonly [flops: number, bytes: number];
  readonly #ratios: number[] = [];
  /** Estimates at the rates of the class: of what is recorded, and of what was submitted since the last {@link watch}. */
  #recorded = 0;
  #submitted = 0;
  #since: number | null = null;
  #lastDone = 0;

  constructor(kind: AdapterClass, seconds: number) {
    this.seconds = seconds;
    this.#rates = RATES[kind];
  }

  /** How many times slower than its class the adapter is. */
  get slowness(): number {
    return this.#ratios.length === 0 ? 1 : Math.min(...this.#ratios);
  }

  /** Seconds that a kernel of so many operations will take. */
  estimate(flops: number): number {
    return (flops / this.#rates[0]) * this.slowness;
  }

  /** Pieces in which one kernel of so many operations has to be launched. */
  pieces(flops: number): number {
    return Math.max(1, Math.ceil(this.estimate(flops) / (AIM * this.seconds)));
  }

  /** Whether what is recorded has to be submitted before a command of this size is. */
  isFullBefore(flops: number, bytes: number): boolean {
    return this.#recorded > 0 && (this.#recorded + this.#cost(flops, bytes)) * this.slowness > AIM * this.seconds;
  }

  /** Counts a recorded command. */
  add(flops: number, bytes: number): void {
    this.#recorded += this.#cost(flops, bytes);
  }

  /** Everything recorded is submitted. @param now in seconds */
  submitted(now: number): void {
    this.#since ??= now;
    this.#submitted += this.#recorded;
    this.#recorded = 0;
  }

  /**
   * Begins to wait for everything submitted so far.
   * @returns to be called with the time, in seconds, when it is done
   */
  watch(): (now: number) => void {
    const [since, submitted] = [this.#since, this.#submitted];
    this.#since = null;
    this.#submitted = 0;
    return (now) => {
      // It began when it was submitted, or when what came before it was done.
      const seconds = now - Math.max(since ?? now, this.#lastDone);
      this.#lastDone = now;
      if (seconds < WORTH_MEASURING || submitted === 0) return;
      this.#ratios.push(Math.min(SPREAD, Math.max(1 / SPREAD, seconds / submitted)));
      if (this.#ratios.length > MEMORY) this.#ratios.shift();
    };
  }

  #cost(flops: number, bytes: number): number {
    return LAUNCH + Math.max(flops / this.#rates[0], bytes / this.#rates[1]);
  }
}
