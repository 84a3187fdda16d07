import { averagePrecision } from '../metrics/average_precision.ts';
import type { ClassScores, Interval } from '../metrics/bootstrap.ts';
import { aurocIntervalByPatient, aurocOf } from '../metrics/exact.ts';
import { INTENSITY_NAMES } from '../metrics/intensity_baseline.ts';
import { rankScores } from '../metrics/ranking.ts';
import { volumeScore } from '../volume/stack.ts';
import type { ScoredImage } from './scoring.ts';

/** How well the scores of volumes, or of patients, tell those with lesions. */
export interface UnitMetrics {
  readonly normal: number;
  readonly abnormal: number;
  readonly auroc: number;
  /** 95 % of the draws of patients; null where a class is absent. */
  readonly interval: Interval | null;
  readonly averagePrecision: number;
  /** At the image threshold; null without one. */
  readonly sensitivity: number | null;
  readonly specificity: number | null;
  /** What the best score of brightness alone reaches by the same rule; null where it was not looked at. */
  readonly brightness: { readonly name: string; readonly reversed: boolean; readonly auroc: number } | null;
}

/** A volume or a patient: its score by the model, and those by brightness in both directions. */
export interface Unit {
  readonly patient: string;
  readonly abnormal: boolean;
  readonly score: number;
  readonly bright: readonly number[];
}

type Brightness = 'mean' | 'std' | 'p995';
const BRIGHTNESS: readonly Brightness[] = ['mean', 'std', 'p995'];

/** The scores of brightness alone, by the same rule as the model's; none where they were not looked at. */
export function brightScores(images: readonly ScoredImage[], top: number): number[] {
  if (images.some(({ trivial }) => trivial === null)) return [];
  const scores = (key: Brightness, sign: number) => images.map(({ trivial }) => sign * trivial![key]);
  return BRIGHTNESS.flatMap((key) => [1, -1].map((sign) => volumeScore(scores(key, sign), top)));
}

/** A patient: the highest of their volumes, in every score. */
export function highestOf(units: readonly Unit[]): Unit {
  const most = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b));
  return {
    patient: units[0].patient,
    abnormal: units.some(({ abnormal }) => abnormal),
    score: most(units.map(({ score }) => score)),
    bright: units[0].bright.map((_, i) => most(units.map(({ bright }) => bright[i]))),
  };
}

/**
 * Of volumes, or of patients.
 * @param threshold of the scores; null where there is none
 * @param seed of the draws that the interval rests on
 */
export function unitMetrics(units: readonly Unit[], threshold: number | null, seed: number): UnitMetrics {
  const labels = units.map(({ abnormal }) => (abnormal ? 1 : 0));
  const scores = units.map(({ score }) => score);
  const abnormal = labels.filter((label) => label === 1).length;
  const normal = labels.length - abnormal;
  const both = normal > 0 && abnormal > 0;
  const share = (wanted: boolean) => {
    const own = units.filter((unit) => unit.abnormal === wanted);
    if (threshold === null || own.length === 0) return null;
    return own.filter(({ score }) => score >= threshold === wanted).length / own.length;
  };
  return {
    normal,
    abnormal,
    auroc: aurocOf(byClass(units, (unit) => unit.score)),
    interval: both ? aurocIntervalByPatient(classesByPatient(units), seed) : null,
    averagePrecision: averagePrecision(rankScores(labels, scores)),
    sensitivity: share(true),
    specificity: share(false),
    brightness: both && units.every(({ bright }) => bright.length > 0) ? bestBrightness(units) : null,
  };
}

function byClass(units: readonly Unit[], scoreOf: (unit: Unit) => number): ClassScores {
  return {
    normal: units.filter(({ abnormal }) => !abnormal).map(scoreOf),
    abnormal: units.filter(({ abnormal }) => abnormal).map(scoreOf),
  };
}

function classesByPatient(units: readonly Unit[]): ClassScores[] {
  const patients = [...new Set(units.map(({ patient }) => patient))];
  return patients.map((patient) =>
    byClass(
      units.filter((unit) => unit.patient === patient),
      ({ score }) => score,
    ),
  );
}

function bestBrightness(units: readonly Unit[]): UnitMetrics['brightness'] {
  const all = BRIGHTNESS.flatMap((key, i) =>
    [false, true].map((reversed, d) => ({
      ...{ name: INTENSITY_NAMES[key], reversed },
      auroc: aurocOf(byClass(units, ({ bright }) => bright[2 * i + d])),
    })),
  );
  return all.reduce((best, one) => (one.auroc > best.auroc ? one : best));
}
