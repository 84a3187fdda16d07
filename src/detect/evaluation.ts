import type { FileSystem } from '../base/file_system.ts';
import { inTurns } from '../base/steps.ts';
import { rangeOf } from '../data/heat_map.ts';
import type { DatasetKind, Sample } from '../data/layout/dataset.ts';
import { patientOfId } from '../data/layout/patients.ts';
import type { FusionRanges } from '../fusion/index.ts';
import type { ClassScores } from '../metrics/bootstrap.ts';
import type { IntensityMetrics } from '../metrics/intensity_baseline.ts';
import type { TrainOptions } from '../run/options.ts';
import type { Detector } from './detector.ts';
import type { ClassedScores } from './image_threshold.ts';
import { type OnScored, type ScoredSet, ScoredSoFar, sampleBatches, scoreSet } from './scoring.ts';
import type { ScoredWeights, ValidationSet } from './selection.ts';
import {
  intensityInSteps,
  type SamplingRequest,
  type SetMetrics,
  scoresInSteps,
  type Thresholds,
  thresholdsInSteps,
} from './set_metrics.ts';
import type { RangedScorer, SupportSet } from './support_set.ts';

/** Weights with all that has to be chosen before test images are looked at. */
export interface Calibration {
  readonly thresholds: Thresholds;
  /** For `fuse calib`. */
  readonly ranges: FusionRanges | null;
  /** The largest value of the maps that the thresholds were chosen on: the hottest colour of every heat map. */
  readonly mapScale: number | null;
  /** Scores of the images that the thresholds were chosen on. */
  readonly scores: ClassedScores | null;
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
  scorer: RangedScorer,
  of: ScoredWeights | null = null,
): Promise<Calibration> {
  const from = rest.possible ? 'valid' : 'support';
  const scored = rest.possible ? await rest.scores(scorer, of) : await memory.score(scorer);
  return {
    thresholds: await inTurns(thresholdsInSteps(scored, detector.kind, from), scorer.signal),
    ranges: scorer.ranges,
    mapScale: rangeOf(...scored.images.map(({ map }) => map))[1],
    scores: { of: from, ...classScores(scored) },
  };
}

/** The image scores of a labelled set by class. */
export function classScores({ images }: ScoredSet): ClassScores {
  const of = (wanted: 0 | 1) => images.filter(({ label }) => label === wanted).map(({ score }) => score);
  return { normal: of(0), abnormal: of(1) };
}

/** Labelled samples to be evaluated. */
export interface EvaluationRequest {
  readonly fs: FileSystem;
  readonly samples: readonly Sample[];
  readonly calibration: Pick<Calibration, 'thresholds' | 'ranges'>;
  /** What the set can be evaluated on; by default what the detector is for. `image` where masks are missing. */
  readonly kind?: DatasetKind;
  /** For intervals, and metrics by patient. */
  readonly sampling: SamplingRequest;
  /** Images that go through the model together. */
  readonly batch: number;
  /** What of them is scored already. */
  readonly soFar?: ScoredSoFar;
  /** Called after each batch, with images done and all. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Gets each image when its scores are known. */
  readonly onScored?: OnScored;
  /** Whether it is to get the features of the images too. */
  readonly features?: boolean;
}

/** Scores labelled samples and evaluates the result; ranges are those of the calibration. */
export async function evaluateSamples(
  detector: Detector,
  scorer: RangedScorer,
  {
    fs,
    samples,
    calibration,
    sampling,
    batch,
    kind = detector.kind,
    onProgress,
    onScored,
    features,
    soFar = new ScoredSoFar(),
  }: EvaluationRequest,
): Promise<Evaluation> {
  const { signal } = scorer;
  const left = samples.slice(soFar.count);
  const scored = await scoreSet(detector, scorer.images, sampleBatches(fs, detector, left, batch, true), {
    soFar,
    onScored,
    features,
    ranges: calibration.ranges,
    signal,
    onProgress: (done) => onProgress?.(done, samples.length),
  });
  const metrics = await inTurns(scoresInSteps(scored, kind, calibration.thresholds, sampling), signal);
  return { metrics, trivial: await inTurns(intensityInSteps(scored, kind), signal), scored };
}

/** How the images of a run are drawn for intervals: by patient where its data are gone by patient. */
export function samplingRequest({ group, seed }: Pick<TrainOptions, 'group' | 'seed'>): SamplingRequest {
  return { patientOf: group === null ? null : patientOfId(group), seed };
}
