import { exp, log, log1p } from '../base/elementary.ts';
import { FusionclipError } from '../base/errors.ts';
import { type Rate, rate } from './rate.ts';

/** Labelled scores; 1 is abnormal. */
export interface LabelledScores {
  readonly scores: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
}

/** From a score to the probability of abnormal, among cases as frequent as in the labelled set. */
export type ProbabilityMap =
  | { readonly kind: 'platt'; readonly slope: number; readonly offset: number }
  | {
      readonly kind: 'isotonic';
      /** Ascending; between them values are interpolated, beyond them they are those of the ends. */
      readonly scores: readonly number[];
      readonly values: readonly number[];
    };

/**
 * Fits a map. `platt`: a logistic curve with Platt's smoothed targets, for some dozens of cases; `isotonic`: the best ascending
 * steps, for some hundreds.
 * @throws FusionclipError `bad_data` without cases of both labels
 */
export function fitProbability(kind: ProbabilityMap['kind'], cases: LabelledScores): ProbabilityMap {
  const positives = count(cases.labels, 1);
  if (positives === 0 || positives === cases.labels.length) {
    throw new FusionclipError(
      'bad_data',
      'A probability needs labelled cases of both kinds, normal and abnormal; give such a set.',
    );
  }
  return kind === 'platt' ? fitPlatt(cases) : fitIsotonic(cases);
}

/** The probability of a score. */
export function probabilityOf(map: ProbabilityMap, score: number): number {
  if (map.kind === 'platt') return logistic(map.slope * score + map.offset);
  const { scores, values } = map;
  const above = scores.findIndex((knot) => knot >= score);
  if (above < 0) return values[values.length - 1];
  if (above === 0 || scores[above] === score) return values[above];
  const share = (score - scores[above - 1]) / (scores[above] - scores[above - 1]);
  return values[above - 1] + share * (values[above] - values[above - 1]);
}

/** Newton's method on the logarithmic loss of smoothed targets, (n₊ + 1)/(n₊ + 2) and 1/(n₋ + 2): it is convex. */
function fitPlatt({ scores, labels }: LabelledScores): ProbabilityMap {
  const positives = count(labels, 1);
  const negatives = labels.length - positives;
  const targets = Array.from(labels, (label) => (label ? (positives + 1) / (positives + 2) : 1 / (negatives + 2)));
  // On scores of mean 0 and deviation 1, so that steps are of one size whatever the scores are.
  const mean = sum(scores.length, (i) => scores[i]) / scores.length;
  const deviation = Math.sqrt(sum(scores.length, (i) => (scores[i] - mean) ** 2) / scores.length) || 1;
  const x = Array.from(scores, (score) => (score - mean) / deviation);
  let [slope, offset] = [0, log((positives + 1) / (negatives + 1))];
  const loss = (a: number, b: number) => sum(x.length, (i) => softplus(a * x[i] + b) - targets[i] * (a * x[i] + b));
  for (let step = 0; step < 100; step++) {
    const p = x.map((value) => logistic(slope * value + offset));
    const gradient = [sum(x.length, (i) => (p[i] - targets[i]) * x[i]), sum(x.length, (i) => p[i] - targets[i])];
    const weight = p.map((value) => value * (1 - value));
    const xx = sum(x.length, (i) => weight[i] * x[i] * x[i]) + 1e-12;
    const x1 = sum(x.length, (i) => weight[i] * x[i]);
    const one = sum(x.length, (i) => weight[i]) + 1e-12;
    const determinant = xx * one - x1 * x1;
    const [da, db] = [
      (one * gradient[0] - x1 * gradient[1]) / determinant,
      (xx * gradient[1] - x1 * gradient[0]) / determinant,
    ];
    const before = loss(slope, offset);
    let size = 1;
    while (size > 1e-10 && loss(slope - size * da, offset - size * db) > before) size /= 2;
    slope -= size * da;
    offset -= size * db;
    if (Math.abs(size * da) + Math.abs(size * db) < 1e-12) break;
  }
  return { kind: 'platt', slope: slope / deviation, offset: offset - (slope * mean) / deviation };
}

/** Pool adjacent violators; cases of equal scores are one. Only the ends of each step are kept. */
function fitIsotonic({ scores, labels }: LabelledScores): ProbabilityMap {
  const order = Array.from(scores, (_, i) => i).sort((a, b) => scores[a] - scores[b]);
  const steps: { from: number; to: number; weight: number; total: number }[] = [];
  for (const i of order) {
    const last = steps.at(-1);
    const label = labels[i] ? 1 : 0;
    if (last && last.to === scores[i] && last.from === last.to) {
      last.weight++;
      last.total += label;
    } else steps.push({ from: scores[i], to: scores[i], weight: 1, total: label });
  }
  const pooled: typeof steps = [];
  for (const step of steps) {
    pooled.push({ ...step });
    while (pooled.length > 1) {
      const [before, last] = pooled.slice(-2);
      if (before.total / before.weight < last.total / last.weight) break;
      pooled.splice(-2, 2, {
        from: before.from,
        to: last.to,
        weight: before.weight + last.weight,
        total: before.total + last.total,
      });
    }
  }
  const knots = pooled.flatMap(({ from, to, weight, total }) => {
    const value = total / weight;
    return from === to
      ? [[from, value]]
      : [
          [from, value],
          [to, value],
        ];
  });
  return { kind: 'isotonic', scores: knots.map(([score]) => score), values: knots.map(([, value]) => value) };
}

/** A bar of a reliability diagram: cases whose probability lies in [low, high), of the last bar up to 1 itself. */
export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  /** Mean of their probabilities; NaN when there are none. */
  readonly predicted: number;
  /** How many of them are abnormal. */
  readonly observed: Rate;
}

/** Probabilities against what came of them, in bins of equal width. */
export function reliability(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  bins = 10,
): readonly ReliabilityBin[] {
  const binOf = Array.from(probabilities, (p) => Math.min(bins - 1, Math.floor(p * bins)));
  return Array.from({ length: bins }, (_, bin) => {
    const inside = binOf.flatMap((at, i) => (at === bin ? [i] : []));
    const positives = inside.filter((i) => labels[i]).length;
    return {
      low: bin / bins,
      high: (bin + 1) / bins,
      predicted: inside.length === 0 ? Number.NaN : sum(inside.length, (k) => probabilities[inside[k]]) / inside.length,
      observed: rate(positives, inside.length),
    };
  });
}

/** Expected calibration error: the mean distance of probability and frequency over the bins, weighted by their cases. */
export function expectedCalibrationError(bins: readonly ReliabilityBin[]): number {
  const all = sum(bins.length, (i) => bins[i].observed.of);
  return sum(bins.length, (i) => {
    const { predicted, observed } = bins[i];
    return observed.of === 0 ? 0 : (observed.of / all) * Math.abs(predicted - observed.share);
  });
}

/**
 * Probabilities of cases by maps that were fitted without them, so that their error is that of new cases: each label's cases
 * go round the folds in order. Patients stay together where they are given.
 * @param groups of each case; cases of a group are in one fold
 */
export function crossFitted(
  kind: ProbabilityMap['kind'],
  { scores, labels }: LabelledScores,
  groups: readonly (string | null)[] = [],
  folds = 5,
): Float64Array<ArrayBuffer> {
  const foldOf = foldsOf(labels, groups, folds);
  const out = new Float64Array(scores.length);
  for (let fold = 0; fold < folds; fold++) {
    const rest = foldOf.flatMap((at, i) => (at === fold ? [] : [i]));
    if (rest.length === foldOf.length) continue;
    const map = fitProbability(kind, { scores: rest.map((i) => scores[i]), labels: rest.map((i) => labels[i]) });
    foldOf.forEach((at, i) => {
      if (at === fold) out[i] = probabilityOf(map, scores[i]);
    });
  }
  return out;
}

/** Scores on [0, 1] by their own extremes: what they say as probabilities when nothing is calibrated. */
export function rescaled(scores: ArrayLike<number>): Float64Array<ArrayBuffer> {
  const low = Array.from(scores).reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = Array.from(scores).reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return Float64Array.from(scores, (score) => (high > low ? (score - low) / (high - low) : 0.5));
}

function foldsOf(labels: ArrayLike<number>, groups: readonly (string | null)[], folds: number): number[] {
  const next = [0, 0];
  const ofGroup = new Map<string, number>();
  return Array.from(labels, (label, i) => {
    const group = groups[i] ?? null;
    const known = group === null ? undefined : ofGroup.get(group);
    const fold = known ?? next[label ? 1 : 0]++ % folds;
    if (group !== null) ofGroup.set(group, fold);
    return fold;
  });
}

function count(labels: ArrayLike<number>, wanted: 0 | 1): number {
  return sum(labels.length, (i) => (Boolean(labels[i]) === Boolean(wanted) ? 1 : 0));
}

function sum(length: number, value: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < length; i++) total += value(i);
  return total;
}

function logistic(x: number): number {
  return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

/** log(1 + eˣ) without overflow. */
function softplus(x: number): number {
  return Math.max(x, 0) + log1p(exp(-Math.abs(x)));
}
