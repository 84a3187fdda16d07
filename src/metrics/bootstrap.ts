import { ruleStream } from '../base/rule.ts';
import { allSteps, type Steps } from '../base/steps.ts';

/** Lower and upper bound of a statistic. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Whether an interval of a share is so wide that the number in it must not stand alone. */
export function isWide({ low, high }: Interval): boolean {
  return high - low > 0.2;
}

/** Scores of both classes. */
export interface ClassScores {
  readonly normal: readonly number[];
  readonly abnormal: readonly number[];
}

/** How scores are drawn. */
export interface BootstrapOptions {
  /** Of the draws: the same seed gives the same intervals. */
  readonly seed: number;
  /** How often images are drawn. Default 500. */
  readonly draws?: number;
  /** Share of the draws between the bounds. Default 0.95. */
  readonly level?: number;
}

/**
 * Percentile bootstrap, stratified: each class is drawn with replacement as often as it has images, so a draw never lacks
 * one. The statistic may be a list of numbers, e.g. a curve on a grid; each gets an interval of its own.
 */
export function bootstrap(
  { normal, abnormal }: ClassScores,
  statistic: (drawn: ClassScores) => readonly number[],
  options: BootstrapOptions,
): Interval[] {
  const each = (scores: readonly number[], label: keyof ClassScores) =>
    scores.map((score) => ({ normal: [], abnormal: [], [label]: [score] }) satisfies ClassScores);
  return bootstrapPatients([...each(normal, 'normal'), ...each(abnormal, 'abnormal')], statistic, options);
}

/**
 * As {@link bootstrap}, but what is drawn are patients with all their images: images of one patient do not count as if
 * they were of many. Patients with normal, with abnormal and with both kinds of images are drawn each by themselves.
 */
export function bootstrapPatients(
  patients: readonly ClassScores[],
  statistic: (drawn: ClassScores) => readonly number[],
  options: BootstrapOptions,
): Interval[] {
  return allSteps(bootstrapInSteps(patients, statistic, options));
}

/** {@link bootstrapPatients} in steps of a draw. */
export function* bootstrapInSteps(
  patients: readonly ClassScores[],
  statistic: (drawn: ClassScores) => readonly number[],
  { seed, draws = 500, level = 0.95 }: BootstrapOptions,
): Steps<Interval[]> {
  const random = ruleStream('bootstrap', seed);
  let next = 0;
  const kinds = [
    patients.filter(({ abnormal }) => abnormal.length === 0),
    patients.filter(({ normal }) => normal.length === 0),
    patients.filter(({ normal, abnormal }) => normal.length > 0 && abnormal.length > 0),
  ];
  const draw = () => {
    const normal: number[] = [];
    const abnormal: number[] = [];
    for (const kind of kinds) {
      for (let i = 0; i < kind.length; i++) {
        const one = kind[Math.floor((random(next++) / 2 ** 32) * kind.length)];
        normal.push(...one.normal);
        abnormal.push(...one.abnormal);
      }
    }
    return { normal, abnormal };
  };
  const results: (readonly number[])[] = [];
  while (results.length < draws) {
    results.push(statistic(draw()));
    yield;
  }
  return results[0].map((_, i) => {
    const values = results.map((result) => result[i]).sort((a, b) => a - b);
    return { low: quantile(values, (1 - level) / 2), high: quantile(values, (1 + level) / 2) };
  });
}

/**
 * Scores by patient; an image of nobody known is a patient of its own.
 * @param patientOf whom an image is of, by its id; null makes each image one of its own
 */
export function byPatient(
  images: readonly { readonly id: string; readonly label: 0 | 1; readonly score: number }[],
  patientOf: ((id: string) => string | null) | null,
): ClassScores[] {
  const groups = new Map<string, { normal: number[]; abnormal: number[] }>();
  for (const [i, { id, label, score }] of images.entries()) {
    const patient = patientOf?.(id) ?? null;
    const key = patient === null ? `image ${i}` : `patient ${patient}`;
    const group = groups.get(key) ?? { normal: [], abnormal: [] };
    groups.set(key, group);
    (label === 0 ? group.normal : group.abnormal).push(score);
  }
  return [...groups.values()];
}

/** Of ascending values, interpolated linearly. */
function quantile(values: readonly number[], share: number): number {
  const at = share * (values.length - 1);
  const low = Math.floor(at);
  const high = Math.min(values.length - 1, low + 1);
  return values[low] + (at - low) * (values[high] - values[low]);
}
