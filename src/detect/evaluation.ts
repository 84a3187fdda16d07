import type { FileSystem } from '../base/file_system.ts';
import type { Sample } from '../data/layout/dataset.ts';
import { patientOfId } from '../data/layout/patients.ts';
import type { FusionRanges } from '../fusion/index.ts';
import type { IntensityMetrics } from '../metrics/intensity_baseline.ts';
import type { TrainOptions } from '../run/options.ts';
import type { Detector } from './detector.ts';
import { type ScoredSet, ScoredSoFar, sampleBatches, scoreSet } from './scoring.ts';
import type { ScoredWeights, ValidationSet } from './selection.ts';
import {
  chooseThresholds,
  evaluateIntensity,
  evaluateScores,
  type SamplingRequest,
  type SetMetrics,
  type Thresholds,
} from './set_metrics.ts';
import type { Scorer, SupportSet } from './support_set.ts';

/** Weights with all that has to be chosen before test images are looked at. */
export interface Calibration {
  readonly thresholds: Thresholds;
  /** For `fuse calib`. */
  readonly ranges: FusionRanges | null;
}

/** What became of a labelled set. */
export interface Evaluation {
  readonly metrics: SetMetrics;
  readonly trivial: IntensityMetrics | null;
  readonly scored: ScoredSet;
}

/**
 * Chooses thresholds for a scorer: on the remaining valid images, or on the support set where these lack a class. Test
 * images play no part.
 * @param of the scorer's weights, or null for others than the run has had
 */
export async function calibrate(
  detector: Detector,
  memory: SupportSet,
  rest: ValidationSet,
  scorer: Scorer,
  of: ScoredWeights | null = null,
): Promise<Calibration> {
  const { ranges } = scorer;
  const { kind } = detector;
  if (rest.possible) return { ranges, thresholds: chooseThresholds(await rest.scores(scorer, of), kind, 'valid') };
  return { ranges, thresholds: chooseThresholds(await memory.score(scorer), kind, 'support') };
}

/** Labelled samples to be evaluated. */
export interface EvaluationRequest {
  readonly fs: FileSystem;
  readonly samples: readonly Sample[];
  readonly calibration: Calibration;
  /** For intervals, and metrics by patient. */
  readonly sampling: SamplingRequest;
  /** Images that go through the model together. */
  readonly batch: number;
  /** What of them is scored already. */
  readonly soFar?: ScoredSoFar;
  /** Called after each batch, with images done and all. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Scores labelled samples and evaluates the result; ranges are those of the calibration. */
export async function evaluateSamples(
  detector: Detector,
  scorer: Scorer,
  { fs, samples, calibration, sampling, batch, onProgress, signal, soFar = new ScoredSoFar() }: EvaluationRequest,
): Promise<Evaluation> {
  const left = samples.slice(soFar.count);
  const scored = await scoreSet(detector, scorer.images, sampleBatches(fs, detector, left, batch, true), {
    soFar,
    ranges: calibration.ranges,
    signal,
    onProgress: (done) => onProgress?.(done, samples.length),
  });
  const metrics = evaluateScores(scored, detector.kind, calibration.thresholds, sampling);
  return { metrics, trivial: evaluateIntensity(scored, detector.kind), scored };
}

/** How the images of a run are drawn for intervals: by patient where its data are gone by patient. */
export function samplingRequest({ group, seed }: Pick<TrainOptions, 'group' | 'seed'>): SamplingRequest {
  return { patientOf: group === null ? null : patientOfId(group), seed };
}
