import { exp, log, log1p } from '../base/elementary.ts';
import { auroc } from './auroc.ts';
import { bootstrapPatients, type ClassScores, type Interval } from './bootstrap.ts';
import { rankScores } from './ranking.ts';

/**
 * Clopper and Pearson's interval of a share of which `count` of `total` were seen: exact, never too narrow. [0, 1] of nothing.
 * @param level share of repetitions in which it covers the truth, at the least
 */
export function shareInterval(count: number, total: number, level = 0.95): Interval {
  const tail = (1 - level) / 2;
  const low = count === 0 ? 0 : solve((p) => atLeast(count, total, p) - tail);
  const high = count === total ? 1 : solve((p) => tail - (1 - atLeast(count + 1, total, p)));
  return { low, high };
}

/**
 * The interval of an AUROC: of the bootstrap where its draws differ, else exact. Where the classes do not overlap at all every
 * draw gives 1 (or 0), which says nothing of what more images would show. But k pairs of images that have none in common, k the
 * smaller number of a class, are then all in order, which has the probability AUROC^k: the bound is that of Clopper and Pearson
 * for k of k.
 */
export function aurocInterval({ normal, abnormal }: ClassScores, seed = 0, level = 0.95): Interval {
  const images = [
    ...normal.map((score) => ({ normal: [score], abnormal: [] })),
    ...abnormal.map((score) => ({ normal: [], abnormal: [score] })),
  ];
  return aurocIntervalByPatient(images, seed, level);
}

/** As {@link aurocInterval}, by patients with all that is of them. */
export function aurocIntervalByPatient(patients: readonly ClassScores[], seed = 0, level = 0.95): Interval {
  const withClass = (of: keyof ClassScores) => patients.filter((patient) => patient[of].length > 0).length;
  const pairs = Math.min(withClass('normal'), withClass('abnormal'));
  if (pairs === 0) return { low: 0, high: 1 };
  const all = (of: keyof ClassScores) => patients.flatMap((patient) => patient[of]);
  const value = aurocOf({ normal: all('normal'), abnormal: all('abnormal') });
  if (value === 0 || value === 1) return shareInterval(value * pairs, pairs, level);
  const [interval] = bootstrapPatients(patients, (drawn) => [aurocOf(drawn)], { seed, level });
  return interval;
}

/** The AUROC of scores of both classes. */
export function aurocOf({ normal, abnormal }: ClassScores): number {
  const labels = [...normal.map(() => 0), ...abnormal.map(() => 1)];
  return auroc(rankScores(labels, [...normal, ...abnormal]));
}

/** The probability of at least `count` of `total` when each has the probability `p`. */
function atLeast(count: number, total: number, p: number): number {
  if (p <= 0) return count === 0 ? 1 : 0;
  if (p >= 1) return 1;
  let logs = 0;
  let sum = 0;
  for (let k = 0; k <= total; k++) {
    // The logarithm of the number of ways, step by step: it overflows otherwise.
    if (k > 0) logs += log((total - k + 1) / k);
    if (k >= count) sum += exp(logs + k * log(p) + (total - k) * log1p(-p));
  }
  return Math.min(1, sum);
}

/** Where a rising function of a probability is 0. */
function solve(rising: (p: number) => number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (rising(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
