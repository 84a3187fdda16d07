import { FusionclipError } from '../base/errors.ts';
import {
  ABNORMAL_IMAGES,
  ABNORMAL_PATIENTS,
  alphaThreshold,
  countOfPatient,
  NORMAL_IMAGES,
  NORMAL_PATIENTS,
  patientScores,
  requireCases,
  requireShare,
  sensitivityThreshold,
  sharesOf,
} from './conformal.ts';
import type { ImageFacts } from './image_facts.ts';
import {
  crossFitted,
  expectedCalibrationError,
  fitProbability,
  type ProbabilityMap,
  type ReliabilityBin,
  reliability,
  rescaled,
} from './probability.ts';
import { type Rate, rate } from './rate.ts';
import { comparedCases, onePerPatient, type ShiftCase } from './shift.ts';

/** A normal image of a calibration set. */
export interface NormalCase extends ImageFacts {
  readonly score: number;
  /** The largest value of its map. */
  readonly peak: number;
  /** Whom it is of; null when nobody said. */
  readonly patient: string | null;
}

/** A labelled image. */
export interface LabelledCase {
  readonly score: number;
  readonly label: 0 | 1;
  readonly patient: string | null;
}

/** What is asked of decisions. */
export interface DecisionWishes {
  /** Share of normal images that may be called abnormal. */
  readonly alpha: number;
  /** Share of abnormal images to be found; null: `alpha` decides alone. Needs labelled cases. */
  readonly sensitivity: number | null;
  readonly probability: ProbabilityMap['kind'];
}

/** Where scores are cut. */
export interface OperatingPoint {
  /** `given`: somebody set the threshold, so nothing is promised of it. */
  readonly by: 'alpha' | 'sensitivity' | 'given';
  readonly level: number;
  /** Scores at or above it are abnormal. */
  readonly threshold: number;
  /** Scores nearer to the threshold than this are borderline: another adapter may find them on its other side. */
  readonly tolerance: number;
  /** What it does to the normal images of the calibration set; of a threshold by alpha that is what it was chosen by. */
  readonly falsePositives: Rate;
  /** What it does to labelled abnormal images, or null without any. */
  readonly sensitivity: Rate | null;
}

/** Probabilities with what they are worth. */
export interface Probabilities {
  readonly map: ProbabilityMap;
  /** Share of abnormal cases that they hold for. */
  readonly prevalence: number;
  /** Of cases whose map was fitted without them. */
  readonly bins: readonly ReliabilityBin[];
  /** Expected calibration error of the scores on [0, 1] as they are, and of the probabilities of cases left out. */
  readonly errorBefore: number;
  readonly errorAfter: number;
}

/** What a decision rule came from. */
export interface RuleOrigin {
  /** SHA-256 of weights, settings and all images. */
  readonly hash: string;
  /** SHA-256 of weights and settings alone: scores of others are not calibrated. */
  readonly weights: string;
  /** How patients were told, as `--group` has it. */
  readonly group: string | null;
  /** Tells the images again; of them nothing is promised. */
  readonly images: readonly string[];
}

/** All that turns scores into decisions, made of images that training has not seen. */
export interface DecisionRule {
  readonly from: RuleOrigin & {
    readonly normals: number;
    /** Null when nobody said whom images are of. */
    readonly patients: number | null;
    readonly labelled: { readonly normal: number; readonly abnormal: number } | null;
  };
  readonly alpha: number;
  readonly point: OperatingPoint;
  /** Scores of the normal images. */
  readonly scores: readonly number[];
  /** Of each of them, how many images its patient has: a patient counts as one case. Null where nobody said whom images are of. */
  readonly imagesOfPatient: readonly number[] | null;
  /** The largest score of each normal patient, or null. */
  readonly patientScores: readonly number[] | null;
  /** The largest value of each normal image's map. */
  readonly peaks: readonly number[];
  /** Patients at or above it are abnormal; null without patients. */
  readonly patientThreshold: number | null;
  /** Pixels at or above it are marked: any at all in at most a share alpha of normal images. */
  readonly pixelThreshold: number;
  /** Null without at least `LEAST_LABELLED` labelled cases of both kinds. */
  readonly probabilities: Probabilities | null;
  /** Normal images that batches are compared with. */
  readonly reference: readonly ShiftCase[];
}

/**
 * What float32 arithmetic of another adapter may change of a score, as a share of its size: a hundred times what software adapters
 * differ by (npm run decisions:adapters), since GPUs have other orders of summation too.
 */
const NUMERIC_ERROR = 1e-4;

/**
 * Makes a rule.
 * @throws FusionclipError `bad_data` for fewer cases than the levels take, with the number needed; `usage` for a sensitivity
 * without labelled cases, and for levels that are no shares; `not_finite` for scores that are no numbers
 */
export function makeDecisionRule(
  normals: readonly NormalCase[],
  labelled: readonly LabelledCase[] | null,
  { alpha, sensitivity, probability }: DecisionWishes,
  origin: RuleOrigin,
): DecisionRule {
  requireShare(alpha, 'alpha');
  if (sensitivity !== null) requireShare(sensitivity, 'sensitivity');
  if (probability !== 'platt' && probability !== 'isotonic') {
    throw new FusionclipError('usage', `A probability is platt or isotonic, not "${probability}".`);
  }
  requireFinite(normals.flatMap(({ score, peak }) => [score, peak]));
  requireFinite((labelled ?? []).map(({ score }) => score));
  requireCases(normals.length, alpha, NORMAL_IMAGES);
  const scores = normals.map(({ score }) => score);
  const peaks = normals.map(({ peak }) => peak);
  const patients = normals.map(({ patient }) => patient);
  const imagesOfPatient = countOfPatient(patients);
  const shares = sharesOf(imagesOfPatient);
  const counted = shares ? NORMAL_PATIENTS : NORMAL_IMAGES;
  const byPatient = shares && patientScores(scores, patients).scores;
  const ill = labelled?.filter(({ label }) => label === 1) ?? [];
  const abnormal = ill.map(({ score }) => score);
  if (sensitivity !== null && abnormal.length === 0) {
    throw new FusionclipError(
      'usage',
      '--sensitivity needs abnormal images to be found; give a labelled set (--labelled DIR).',
    );
  }
  const threshold =
    sensitivity === null ? alphaThreshold(scores, alpha, counted, shares) : imageThresholdOf(ill, sensitivity);
  const reached = (values: readonly number[]) =>
    rate(values.filter((score) => score >= threshold).length, values.length);
  return {
    from: {
      ...origin,
      normals: normals.length,
      patients: byPatient?.length ?? null,
      labelled: labelled && { normal: labelled.length - abnormal.length, abnormal: abnormal.length },
    },
    alpha,
    point: {
      by: sensitivity === null ? 'alpha' : 'sensitivity',
      level: sensitivity ?? alpha,
      threshold,
      tolerance: NUMERIC_ERROR * Math.max(Math.abs(threshold), deviationOf(scores)),
      falsePositives: reached(scores),
      sensitivity: abnormal.length > 0 ? reached(abnormal) : null,
    },
    scores,
    imagesOfPatient,
    patientScores: byPatient,
    peaks,
    patientThreshold: byPatient && thresholdOfPatients(byPatient, labelled, alpha, sensitivity),
    pixelThreshold: alphaThreshold(peaks, alpha, counted, shares),
    probabilities: labelled && enoughLabelled(labelled) ? probabilitiesOf(labelled, probability) : null,
    // Names of patients are not kept.
    reference: comparedCases(shares ? onePerPatient(normals) : normals).map(({ score, facts, features, scanner }) => {
      return { score, facts, features, scanner };
    }),
  };
}

/** By abnormal images, of which those of one patient count as one. */
function imageThresholdOf(abnormal: readonly LabelledCase[], sensitivity: number): number {
  const scores = abnormal.map(({ score }) => score);
  const shares = sharesOf(countOfPatient(abnormal.map(({ patient }) => patient)));
  return sensitivityThreshold(scores, sensitivity, shares ? ABNORMAL_PATIENTS : ABNORMAL_IMAGES, shares);
}

function requireFinite(scores: readonly number[]): void {
  if (scores.every(Number.isFinite)) return;
  throw new FusionclipError('not_finite', 'A score is no number, so nothing can be calibrated; train the model again.');
}

/** As for images; images of one patient resemble each other: what is independent are the patients, and too few are refused. */
function thresholdOfPatients(
  normals: readonly number[],
  labelled: readonly LabelledCase[] | null,
  alpha: number,
  sensitivity: number | null,
): number {
  // Its p-values take enough of them, whatever the threshold is chosen by.
  const byAlpha = alphaThreshold(normals, alpha, NORMAL_PATIENTS);
  if (sensitivity === null) return byAlpha;
  const ill = new Set(labelled!.filter(({ label }) => label === 1).map(({ patient }) => patient));
  // A patient is abnormal when an image is, and then has the largest score of all images.
  const cases = labelled!.filter(({ label, patient }) => (patient === null ? label === 1 : ill.has(patient)));
  const { scores } = patientScores(
    cases.map(({ score }) => score),
    cases.map(({ patient }) => patient),
  );
  return sensitivityThreshold(scores, sensitivity, ABNORMAL_PATIENTS);
}

/** Normal and abnormal cases (or patients) of a labelled set that a probability takes of each. */
export const LEAST_LABELLED = 10;

function enoughLabelled(labelled: readonly LabelledCase[]): boolean {
  const units = (wanted: 0 | 1) => {
    const own = labelled.filter(({ label }) => label === wanted).map(({ patient }) => patient);
    return patientScores(new Float32Array(own.length), own).scores.length;
  };
  return units(0) >= LEAST_LABELLED && units(1) >= LEAST_LABELLED;
}

function probabilitiesOf(labelled: readonly LabelledCase[], kind: ProbabilityMap['kind']): Probabilities {
  const scores = labelled.map(({ score }) => score);
  const labels = labelled.map(({ label }) => label);
  const cases = { scores, labels };
  const after = reliability(
    crossFitted(
      kind,
      cases,
      labelled.map(({ patient }) => patient),
    ),
    labels,
  );
  return {
    map: fitProbability(kind, cases),
    prevalence: labels.filter((label) => label === 1).length / labels.length,
    bins: after,
    errorBefore: expectedCalibrationError(reliability(rescaled(scores), labels)),
    errorAfter: expectedCalibrationError(after),
  };
}

function deviationOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
