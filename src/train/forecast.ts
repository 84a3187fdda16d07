import { stepsPerEpoch } from '../base/order.ts';
import type { RunConfig } from '../run/run_config.ts';
import type { RunState } from '../run/run_state.ts';
import type { Rehearsed } from './rehearsal.ts';

/** What a training has before it. */
export interface Plan {
  /** Steps of all learning rates that are tried. */
  readonly steps: number;
  /** Of them, before it went on. */
  readonly begun: number;
  readonly stepsPerEpoch: number;
  /** How often weights are compared, and on how many images. */
  readonly comparisons: number;
  readonly compared: number;
  /** Whether the features of these are kept, so that they are computed once. */
  readonly kept: boolean;
  /** Images that thresholds are chosen on, and whether a comparison has scored them by the last weights. */
  readonly calibrated: number;
  readonly known: boolean;
  /** Test images, and whether their features are kept by now, or from one pass to the next. */
  readonly test: number;
  readonly shared: 'now' | 'then' | 'never';
}

/** What images a training goes through: those that it learns from, and as {@link Plan} has the others. */
export interface ImageCounts extends Pick<Plan, 'compared' | 'kept' | 'calibrated' | 'known' | 'test' | 'shared'> {
  readonly items: number;
}

/** The plan of a run. @param state where it goes on, or null at its start */
export function planOf({ train }: RunConfig, state: RunState | null, { items, ...images }: ImageCounts): Plan {
  const perEpoch = stepsPerEpoch(items, train.batch);
  const epochs = train.epochs * Math.max(1, train['lr.grid'].length);
  const begun = state ? state.candidate * train.epochs * perEpoch + state.step : 0;
  const comparisons = Math.ceil((epochs - begun / Math.max(1, perEpoch)) / train['eval.every']);
  return {
    ...images,
    steps: epochs * perEpoch,
    begun,
    stepsPerEpoch: perEpoch,
    comparisons: images.compared > 0 ? comparisons : 0,
  };
}

/**
 * All metrics of a test set in pixel AUROCs of it: with precision, regions, the foreground and what brightness alone does. `npm run
 * time-left` shows what comes of it.
 */
const METRICS = 5;

/** Seconds of all metrics of a set beside that, most of them of code that runs for the first time: of this kind of processor. */
const BESIDES = 0.5;

/** Seconds of a training that ends before anybody asks. */
const SHORT = 3;

/** Seconds over which the speed of steps is averaged, and not less than an epoch. */
const WINDOW = 30;

/**
 * Foresees the end of a training with all that comes after its steps: comparisons and the test images. It says nothing before it
 * has seen a step that compiles nothing, and a rehearsal of the rest.
 */
export class Forecast {
  readonly #plan: Plan;
  readonly #now: () => number;
  readonly #start: number;
  #rehearsed: Rehearsed | null = null;
  /** Steps and when they were told, without what comparisons took, oldest first. */
  readonly #ticks: { readonly step: number; readonly at: number }[] = [];
  #done: number;
  /** Seconds of all comparisons so far. */
  #comparing = 0;
  #comparisons = 0;
  #last = 0;
  /** How long scoring takes as a share of what was rehearsed, as comparisons and test images tell. */
  #pace = 1;
  #isPerfect = false;
  /** Where the first batch of test images was scored, of these or those weights. */
  #scored: { readonly which: string; readonly at: number; readonly done: number } | null = null;

  /** @param now milliseconds */
  constructor(plan: Plan, now: () => number = () => performance.now()) {
    this.#plan = plan;
    this.#done = plan.begun;
    this.#now = now;
    this.#start = this.#seconds();
  }

  /** Has the rest rehearsed, once, where the training is long enough that somebody asks for its end. */
  async rehearse(rehearsal: () => Promise<Rehearsed | null>): Promise<void> {
    if (this.#rehearsed || this.#seconds() - this.#start < SHORT) return;
    this.#rehearsed = await rehearsal();
  }

  /** Says that the step of this number, from 1, is done. */
  stepped(step: number): void {
    this.#done = step;
    const at = this.#seconds() - this.#comparing;
    this.#ticks.push({ step, at });
    const least = Math.max(2, this.#plan.stepsPerEpoch + 1);
    while (this.#ticks.length > least && this.#ticks[1].at < at - WINDOW) this.#ticks.shift();
  }

  /** Says that no weights can be better than the best so far: the last ones are others. */
  perfect(): void {
    this.#isPerfect = true;
  }

  /** Does a comparison of weights. */
  async comparing<T>(work: () => Promise<T>): Promise<T> {
    const start = this.#seconds();
    const foreseen = this.#rehearsed && this.#comparison(this.#rehearsed);
    const result = await work();
    this.#last = this.#seconds() - start;
    if (foreseen) this.#pace = paceOf(this.#last, foreseen);
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
    const { test, shared } = this.#plan;
    const each = (at - first.at) / (done - first.done);
    const images = (test - done) * each;
    const costs = this.#rehearsed;
    if (!costs) return images;
    // The first of two passes says what the second one takes.
    const foreseen = costs.read + (shared === 'now' ? 0 : costs.encode) + costs.score;
    if (which === 'last') this.#pace = paceOf(each, foreseen);
    return images + test * METRICS * costs.rank + BESIDES + (which === 'last' ? this.#pass(costs, 'again') : 0);
  }

  /**
   * Seconds that are left, the least and the most: where weights are chosen, the last ones score the test images as well if they
   * are others, which nobody knows before the last comparison. Null before they can be told.
   */
  left(): readonly [number, number] | null {
    const step = this.#step();
    const costs = this.#rehearsed;
    if (step === null || !costs) return null;
    const due = Math.max(0, this.#plan.comparisons - this.#comparisons);
    const once =
      (this.#plan.steps - this.#done) * step + this.#comparisonsLeft(costs, due) + this.#pass(costs, 'first');
    if (this.#plan.comparisons < 2) return [once, once];
    const twice = once + this.#pass(costs, 'again');
    return [this.#isPerfect ? twice : once, twice];
  }

  /** Seconds of comparisons that are due: as long as the last one, or as was rehearsed. */
  #comparisonsLeft(costs: Rehearsed, due: number): number {
    if (this.#comparisons > 1) return due * this.#last;
    const { compared, kept } = this.#plan;
    // The first one alone computes features where these are kept.
    const extra = kept ? compared * (costs.read + costs.encode) : 0;
    if (this.#comparisons === 1) return due * Math.max(0, this.#last - this.#pace * extra);
    return due * (this.#comparison(costs) - extra) + Math.min(1, due) * extra;
  }

  /** Seconds of the next comparison, as they were rehearsed. */
  #comparison({ fit, read, encode, score, rank }: Rehearsed): number {
    const { compared, kept } = this.#plan;
    const features = kept && this.#comparisons > 0 ? 0 : compared * (read + encode);
    return fit + compared * (score + rank) + features;
  }

  /** Seconds of scoring the test images, with thresholds before and metrics after: by the first weights, or again by others. */
  #pass(costs: Rehearsed, which: 'first' | 'again'): number {
    const { calibrated, known, test, shared } = this.#plan;
    const { fit, read, encode, score, rank } = costs;
    const again = which === 'again';
    const hasFeatures = shared === 'now' || (again && shared === 'then');
    const thresholds = (known && !again ? 0 : calibrated * score) + (known || again ? 0 : calibrated * (read + encode));
    return (
      BESIDES +
      this.#pace * (fit + thresholds + test * (read + (hasFeatures ? 0 : encode) + score)) +
      (calibrated + test * METRICS) * rank
    );
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

/** Scoring is not four times as slow or quick as its rehearsal: then something else was. */
function paceOf(took: number, foreseen: number): number {
  return foreseen > 0 ? Math.min(4, Math.max(0.25, took / foreseen)) : 1;
}
