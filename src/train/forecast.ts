import { stepsPerEpoch } from '../base/order.ts';
import type { RunConfig } from '../run/run_config.ts';
import type { RunState } from '../run/run_state.ts';

/** What a training has before it. */
export interface Plan {
  /** Steps of all learning rates that are tried. */
  readonly steps: number;
  /** Of them, before it went on. */
  readonly begun: number;
  readonly stepsPerEpoch: number;
  /** Images of a step. */
  readonly batch: number;
  /** How often weights are compared, and on how many images. */
  readonly comparisons: number;
  readonly compared: number;
  /** Test images. */
  readonly test: number;
}

/** How many images a training goes through, compares weights on, and scores at the end. */
export interface ImageCounts {
  readonly items: number;
  readonly compared: number;
  readonly test: number;
}

/** The plan of a run. @param state where it goes on, or null at its start */
export function planOf({ train }: RunConfig, state: RunState | null, { items, compared, test }: ImageCounts): Plan {
  const perEpoch = stepsPerEpoch(items, train.batch);
  const epochs = train.epochs * Math.max(1, train['lr.grid'].length);
  const begun = state ? state.candidate * train.epochs * perEpoch + state.step : 0;
  const comparisons = Math.ceil((epochs - begun / Math.max(1, perEpoch)) / train['eval.every']);
  return {
    steps: epochs * perEpoch,
    begun,
    stepsPerEpoch: perEpoch,
    batch: Math.min(train.batch, items),
    comparisons: compared > 0 ? comparisons : 0,
    compared,
    test,
  };
}

/**
 * What things cost before they were seen, in passes of an image through the backbone: measured with `tiny-clip` and the method
 * `fusionclip` by `npm run time-left`; what is seen takes their place.
 */
const COSTS = {
  /** An image of a step, forward and backward, from kept features. */
  step: 0.75,
  /** An image that is scored from its features; for the first comparison these are computed. */
  score: 0.8,
  /** A test image, read, encoded, scored and drawn. */
  test: 1.9,
};

/** Seconds of what the processor does whatever the GPU is: metrics and intervals, of each test image and besides. */
const METRICS = { image: 0.02, set: 0.7 };

/** Passes over the test images that are to be expected, by whether the last weights that were compared were the best so far. */
const PASSES = { unknown: 1.5, better: 1.2, worse: 1.9 };

/** Seconds over which the speed of steps is averaged, and not less than an epoch. */
const WINDOW = 30;

/**
 * Foresees the end of a training with all that comes after its steps: comparisons and the test images. The first pass and
 * the first step compile their kernels, so they are no measure of the others.
 */
export class Forecast {
  readonly #plan: Plan;
  readonly #now: () => number;
  readonly #start: number;
  /** Where the first batch of support images was done. */
  #first: { readonly at: number; readonly done: number } | null = null;
  /** Seconds of an image in the backbone; null before one was seen. */
  #image: number | null = null;
  /** Steps and when they were told, without what comparisons took, oldest first. */
  readonly #ticks: { readonly step: number; readonly at: number }[] = [];
  #done: number;
  /** Seconds of all comparisons so far. */
  #comparing = 0;
  #comparisons = 0;
  /** Whether the last comparison found better weights; null before one. */
  #improves: boolean | null = null;
  #last = 0;
  /** Where the first batch of test images was scored, of these or those weights. */
  #scored: { readonly which: string; readonly at: number; readonly done: number } | null = null;

  /** @param now milliseconds */
  constructor(plan: Plan, now: () => number = () => performance.now()) {
    this.#plan = plan;
    this.#done = plan.begun;
    this.#now = now;
    this.#start = this.#seconds();
  }

  /** Says how many of the support images have been through the backbone. */
  encoded(done: number): void {
    const at = this.#seconds();
    if (this.#first && done > this.#first.done) this.#image = (at - this.#first.at) / (done - this.#first.done);
    else this.#first = { at, done };
  }

  /** Says that the step of this number, from 1, is done. */
  stepped(step: number): void {
    this.#done = step;
    const at = this.#seconds() - this.#comparing;
    this.#ticks.push({ step, at });
    const least = Math.max(2, this.#plan.stepsPerEpoch + 1);
    while (this.#ticks.length > least && this.#ticks[1].at < at - WINDOW) this.#ticks.shift();
  }

  /** Says whether the weights that were compared are the best so far. */
  chose(better: boolean): void {
    this.#improves = better;
  }

  /** Does a comparison of weights. */
  async comparing<T>(work: () => Promise<T>): Promise<T> {
    const start = this.#seconds();
    const result = await work();
    this.#last = this.#seconds() - start;
    this.#comparing += this.#last;
    this.#comparisons++;
    return result;
  }

  /**
   * Seconds that are left while test images are scored by the chosen weights, or before by the last ones, where these are others;
   * null at their first batch.
   */
  scoring(which: 'chosen' | 'last', done: number): number | null {
    const at = this.#seconds();
    if (this.#scored?.which !== which) this.#scored = { which, at, done };
    const first = this.#scored;
    if (done === first.done) return null;
    const { test } = this.#plan;
    const image = (at - first.at) / (done - first.done);
    return (
      (test - done) * image + METRICS.set + METRICS.image * test + (which === 'last' ? this.#pass(test, image) : 0)
    );
  }

  /** Seconds of a pass over so many test images, with all metrics. */
  #pass(test: number, image: number): number {
    return test > 0 ? test * (image + METRICS.image) + METRICS.set : 0;
  }

  /** Seconds that are left; null before anything was seen that tells. */
  left(): number | null {
    const { steps, batch, comparisons, compared, test } = this.#plan;
    const step = this.#step() ?? (this.#image !== null ? COSTS.step * batch * this.#image : null);
    if (step === null) return null;
    // Without a look at images their share is guessed by that of the steps.
    const image = this.#image ?? step / (COSTS.step * batch);
    const due = Math.max(0, comparisons - this.#comparisons);
    // The first one computes features, which no later one has to.
    const score = this.#comparisons > 1 ? this.#last / compared : COSTS.score * image;
    const first = this.#comparisons === 0 && due > 0 ? compared * image : 0;
    // Where weights are chosen, the last ones score the test images as well if they are others: so they are, if learning has ended.
    const passes =
      comparisons > 1 ? PASSES[this.#improves === null ? 'unknown' : this.#improves ? 'better' : 'worse'] : 1;
    return (
      this.#compiling() +
      (steps - this.#done) * step +
      first +
      due * compared * score +
      passes * this.#pass(test, COSTS.test * image)
    );
  }

  /** Seconds that the first step takes longer than others: as much as the first batch of images did. */
  #compiling(): number {
    if (this.#ticks.length > 0 || !this.#first || this.#image === null) return 0;
    return Math.max(0, this.#first.at - this.#start - this.#first.done * this.#image);
  }

  /**
   * Seconds of a step; null before the second, for the first compiles. A step is told when the next one is under way, but
   * the last of an epoch at its own end: only steps of one kind are as far apart as what was computed between them.
   */
  #step(): number | null {
    const isLast = (step: number) => step % this.#plan.stepsPerEpoch === 0;
    const spans = [true, false].flatMap((kind) => {
      const told = this.#ticks.filter(({ step }) => isLast(step) === kind);
      const [first, last] = [told[0], told[told.length - 1]];
      return told.length > 1 ? [{ steps: last.step - first.step, seconds: last.at - first.at }] : [];
    });
    if (spans.length === 0) return null;
    const { steps, seconds } = spans.reduce((a, b) => (b.steps > a.steps ? b : a));
    return seconds / steps;
  }

  #seconds(): number {
    return this.#now() / 1000;
  }
}
