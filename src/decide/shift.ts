import { median } from '../base/average.ts';
import { ruleStream } from '../base/rule.ts';
import { unitName } from './conformal.ts';
import { IMAGE_FACTS, type ImageFacts } from './image_facts.ts';
import {
  type Divisions,
  divisions,
  kolmogorovSmirnov,
  meanDiscrepancy,
  permutationPValue,
  totalVariation,
} from './two_sample.ts';

/** A case of either side of a comparison. */
export interface ShiftCase extends ImageFacts {
  readonly score: number;
}

/** A comparison of one quantity. */
export interface Moved {
  /** One of `IMAGE_FACTS`, `features` (of the vision tower), `scanner` or `scores`. */
  readonly what: string;
  readonly test:
    | 'Kolmogorov–Smirnov'
    | 'maximum mean discrepancy'
    | 'total variation'
    | 'images that are called abnormal';
  readonly statistic: number;
  /** By permutation; 0 where so many are called abnormal that nothing is left to compare. */
  readonly pValue: number;
  /** Medians of both sides of what is one number, the most frequent of what is a name; null of features. */
  readonly calibration: number | string | null;
  readonly batch: number | string | null;
}

/** What a batch is beside the calibration set. */
export interface ShiftReport {
  /** Whether something moved: the probability of that without a shift is at most `level`. */
  readonly alarm: boolean;
  readonly level: number;
  /** Images of either side that were compared. */
  readonly compared: { readonly calibration: number; readonly batch: number };
  /** All comparisons, the most striking first. */
  readonly tests: readonly Moved[];
  /** Those of them that moved. */
  readonly moved: readonly Moved[];
}

/** The least batch that is compared. */
export const LEAST_BATCH = 20;

/** More of a side are not compared, nor stored: the sides are drawn from, which keeps the time of permutations bounded. */
const MOST_COMPARED = 200;

/**
 * Compares a batch with the calibration set. Images that are called abnormal are left out on both sides, so that a batch with
 * many abnormal images is no shifted one; of the scores, which stand in the order of the p-values, only the normal half is
 * compared. Both cuts are order statistics of the calibration scores, below which the rest is as if drawn anew, so that the
 * permutations stay exact. The tests share `level` by Holm's rule.
 * @returns null for fewer than {@link LEAST_BATCH} images, which are too few to tell
 */
export function compareBatch(
  calibration: readonly ShiftCase[],
  batch: readonly ShiftCase[],
  { alpha, level = 0.05, seed = 1, permutations = 999 }: ShiftOptions,
): ShiftReport | null {
  if (batch.length < LEAST_BATCH) return null;
  const reference = comparedCases(calibration, seed);
  const [known, seen] = below(reference, comparedCases(batch, seed + 1), 1 - alpha);
  const compared = { calibration: known.length, batch: seen.length };
  if (seen.length < LEAST_BATCH / 2) {
    const called = { what: 'scores', test: 'images that are called abnormal', pValue: 0 } as const;
    const share = 1 - seen.length / Math.min(batch.length, MOST_COMPARED);
    const moved = [{ ...called, statistic: share, calibration: alpha, batch: share }];
    return { alarm: true, level, compared, tests: moved, moved };
  }
  const split = divisions(known.length, seen.length, seed, permutations);
  const tests = IMAGE_FACTS.map((what, i) => {
    const fact = ({ facts }: ShiftCase) => facts[i];
    return compareNumbers(what, known.map(fact), seen.map(fact), split);
  });
  const features = compareFeatures(known, seen, split);
  if (features) tests.push(features);
  const scanner = compareScanners(known, seen, split);
  if (scanner) tests.push(scanner);
  const [low, lowSeen] = below(reference, seen, 0.5).map((cases) => cases.map(({ score }) => score));
  if (low.length > 0 && lowSeen.length > 0) {
    tests.push(compareNumbers('scores', low, lowSeen, divisions(low.length, lowSeen.length, seed, permutations)));
  }
  tests.sort((first, second) => first.pValue - second.pValue || second.statistic - first.statistic);
  const rejected = holm(
    tests.map(({ pValue }) => pValue),
    level,
  );
  return { alarm: rejected > 0, level, compared, tests, moved: tests.slice(0, rejected) };
}

/** Cases whose scores lie below a share of the calibration scores: of these themselves, and of a batch. */
function below(
  calibration: readonly ShiftCase[],
  batch: readonly ShiftCase[],
  share: number,
): [readonly ShiftCase[], readonly ShiftCase[]] {
  const scores = Float64Array.from(calibration, ({ score }) => score).sort();
  const cut = scores[Math.min(scores.length - 1, Math.floor(share * scores.length))];
  return [calibration.filter(({ score }) => score < cut), batch.filter(({ score }) => score <= cut)];
}

/** How batches are compared. */
export interface ShiftOptions {
  /** Images at this level are called abnormal. */
  readonly alpha: number;
  readonly level?: number;
  /** Of the permutations: the same seed gives the same p-values. */
  readonly seed?: number;
  readonly permutations?: number;
}

/** How many of ascending p-values Holm's rule rejects. */
export function holm(ascending: readonly number[], level: number): number {
  const kept = ascending.findIndex((p, i) => p > level / (ascending.length - i));
  return kept < 0 ? ascending.length : kept;
}

function compareNumbers(what: string, known: readonly number[], seen: readonly number[], split: Divisions): Moved {
  const statistic = kolmogorovSmirnov([...known, ...seen], known.length);
  return {
    what,
    test: 'Kolmogorov–Smirnov',
    statistic: statistic(inOrder(known.length)),
    pValue: permutationPValue(split, statistic),
    calibration: median(known),
    batch: median(seen),
  };
}

/** Whole images, by their features in units of each feature's deviation over both sides; null where a side has none. */
function compareFeatures(known: readonly ShiftCase[], seen: readonly ShiftCase[], split: Divisions): Moved | null {
  const vectors = [...known, ...seen].map(({ features }) => features);
  const [{ length }] = vectors;
  if (length === 0 || vectors.some((vector) => vector.length !== length)) return null;
  const statistic = meanDiscrepancy(standardised(vectors), known.length);
  return {
    what: 'features',
    test: 'maximum mean discrepancy',
    statistic: statistic(inOrder(known.length)),
    pValue: permutationPValue(split, statistic),
    calibration: null,
    batch: null,
  };
}

/** Which scanners the images are of; null where no file says. */
function compareScanners(known: readonly ShiftCase[], seen: readonly ShiftCase[], split: Divisions): Moved | null {
  const names = [...known, ...seen].map(({ scanner }) => scanner ?? 'no scanner said');
  if ([...known, ...seen].every(({ scanner }) => scanner === null)) return null;
  const statistic = totalVariation(names, known.length);
  return {
    what: 'scanner',
    test: 'total variation',
    statistic: statistic(inOrder(known.length)),
    pValue: permutationPValue(split, statistic),
    calibration: mostFrequent(names.slice(0, known.length)),
    batch: mostFrequent(names.slice(known.length)),
  };
}

function mostFrequent(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
}

/** Over both sides: by one side's alone the sides would not be exchangeable. */
function standardised(vectors: readonly (readonly number[])[]): number[][] {
  const width = vectors[0].length;
  const scale = Array.from({ length: width }, (_, k) => {
    const mean = vectors.reduce((sum, vector) => sum + vector[k], 0) / vectors.length;
    const square = vectors.reduce((sum, vector) => sum + (vector[k] - mean) ** 2, 0) / vectors.length;
    // What hardly varies at all would be all noise.
    return { mean, deviation: Math.max(Math.sqrt(square), 1e-6) };
  });
  return vectors.map((vector) => vector.map((value, k) => (value - scale[k].mean) / scale[k].deviation));
}

function inOrder(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => i);
}

/** The cases of a side that are compared: all, or as many of them as is bounded, drawn by the seed. */
export function comparedCases<T>(cases: readonly T[], seed = 1): readonly T[] {
  if (cases.length <= MOST_COMPARED) return cases;
  const random = ruleStream('compared', seed);
  const keys = cases.map((_, i) => random(i));
  const places = cases.map((_, i) => i).sort((a, b) => keys[a] - keys[b] || a - b);
  return places.slice(0, MOST_COMPARED).map((i) => cases[i]);
}

/**
 * One image of each patient, drawn by the seed: images of one patient resemble each other, so a batch of many images of a few
 * patients would always look shifted. Images without a patient stand for themselves.
 */
export function onePerPatient<T extends { readonly patient: string | null }>(cases: readonly T[], seed = 1): T[] {
  const random = ruleStream('one per patient', seed);
  const drawn = new Map<string, { readonly key: number; readonly one: T }>();
  cases.forEach((one, i) => {
    const name = unitName(one.patient, i);
    const key = random(i);
    const known = drawn.get(name);
    if (!known || key < known.key) drawn.set(name, { key, one });
  });
  return [...drawn.values()].map(({ one }) => one);
}
