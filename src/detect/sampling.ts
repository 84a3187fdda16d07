import type { Steps } from '../base/steps.ts';
import { auroc } from '../metrics/auroc.ts';
import { averagePrecision } from '../metrics/average_precision.ts';
import { bootstrapInSteps, byPatient, type ClassScores, type Interval } from '../metrics/bootstrap.ts';
import { aurocIntervalByPatient } from '../metrics/exact.ts';
import { rankScores } from '../metrics/ranking.ts';

/** What a threshold and the scores do where patients are counted, each by the largest score of its images. */
export interface PatientMetrics {
  /** Patients without and with an abnormal image. */
  readonly normal: number;
  readonly abnormal: number;
  readonly auroc: number;
  readonly averagePrecision: number;
  /** At the threshold of images; null without one. */
  readonly sensitivity: number | null;
  readonly specificity: number | null;
}

/** How sure the metrics of images are: 95 % intervals of the bootstrap, stratified. */
export interface Sampling {
  /** What was drawn: images, or patients with all their images where it is known whom they are of. */
  readonly drawn: 'images' | 'patients';
  /** How many of them there are. */
  readonly units: number;
  readonly draws: number;
  readonly imageAuroc: Interval;
  /** Whether that of the AUROC is exact: where it is 0 or 1, no draw differs from another. */
  readonly exact: boolean;
  /** Null where no draw differs from another. */
  readonly imageAveragePrecision: Interval | null;
  /** Null where patients are not gone by. */
  readonly patients: PatientMetrics | null;
}

const DRAWS = 500;

/** A test image with its score and, where it is known, whom it is of. */
export interface SampledImage {
  readonly id: string;
  readonly label: 0 | 1;
  readonly score: number;
}

/**
 * Intervals and patients of a test set, in steps of a draw; null where it lacks a class.
 * @param patientOf whom an image is of, by its id; null draws images
 * @param threshold of the image score
 */
export function* samplingOf(
  images: readonly SampledImage[],
  patientOf: ((id: string) => string | null) | null,
  threshold: number | null,
  seed: number,
): Steps<Sampling | null> {
  if (!images.some(({ label }) => label === 0) || !images.some(({ label }) => label === 1)) return null;
  const units = byPatient(images, patientOf);
  const statistic = ({ normal, abnormal }: ClassScores) => {
    const ranking = rankScores([...normal.map(() => 0), ...abnormal.map(() => 1)], [...normal, ...abnormal]);
    return [auroc(ranking), averagePrecision(ranking)];
  };
  const [imageAuroc, imageAveragePrecision] = yield* bootstrapInSteps(units, statistic, { seed, draws: DRAWS });
  const exact = imageAuroc.low === imageAuroc.high && (imageAuroc.low === 0 || imageAuroc.low === 1);
  return {
    drawn: patientOf ? 'patients' : 'images',
    units: units.length,
    draws: DRAWS,
    imageAuroc: exact ? aurocIntervalByPatient(units, seed) : imageAuroc,
    exact,
    imageAveragePrecision: exact ? null : imageAveragePrecision,
    patients: patientOf && patientMetrics(units, threshold),
  };
}

function patientMetrics(units: readonly ClassScores[], threshold: number | null): PatientMetrics {
  const labels = units.map(({ abnormal }) => (abnormal.length > 0 ? 1 : 0));
  const scores = units.map(({ normal, abnormal }) =>
    [...normal, ...abnormal].reduce((most, one) => Math.max(most, one)),
  );
  const ranking = rankScores(labels, scores);
  const share = (label: number, above: boolean) => {
    if (threshold === null) return null;
    const own = scores.filter((_, i) => labels[i] === label);
    return own.filter((score) => score >= threshold === above).length / own.length;
  };
  const abnormal = labels.filter((label) => label === 1).length;
  return {
    normal: labels.length - abnormal,
    abnormal,
    auroc: auroc(ranking),
    averagePrecision: averagePrecision(ranking),
    sensitivity: share(1, true),
    specificity: share(0, false),
  };
}
