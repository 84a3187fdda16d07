import type { FileSystem } from '../data/file_system.ts';
import type { Sample } from '../data/layout/dataset.ts';
import type { FusionRanges } from '../fusion/index.ts';
import type { Detector } from './detector.ts';
import type { RunListener } from './events.ts';
import {
  chooseThresholds,
  type Judgement,
  judgeScores,
  judgeTrivial,
  type Thresholds,
  type TrivialJudgement,
} from './judge.ts';
import type { SupportMemory } from './memory.ts';
import { type ScoredSet, sampleBatches, scoreSet } from './scoring.ts';
import type { Contest } from './selection.ts';

/** Weights with all that has to be chosen before test images are looked at. */
export interface Calibration {
  readonly thresholds: Thresholds;
  /** For `fuse calib`. */
  readonly ranges: FusionRanges | null;
}

/** What became of a labelled set. */
export interface Evaluation {
  readonly judgement: Judgement;
  readonly trivial: TrivialJudgement | null;
  readonly scored: ScoredSet;
}

/**
 * Chooses thresholds, and ranges for `fuse calib`, for the weights of now: thresholds on the remaining valid images, or
 * on the support set where these lack a class. Test images play no part.
 */
export async function calibrate(
  detector: Detector,
  memory: SupportMemory,
  rest: Contest,
  signal?: AbortSignal,
): Promise<Calibration> {
  const predictor = detector.predictor();
  try {
    memory.fill(predictor);
    const ranges = detector.options.fuse === 'calib' ? await memory.ranges(predictor) : null;
    const { kind } = detector;
    if (rest.possible) return { ranges, thresholds: chooseThresholds(await rest.scores(signal), kind, 'valid') };
    return { ranges, thresholds: chooseThresholds(await memory.score(predictor, ranges), kind, 'support') };
  } finally {
    predictor.release();
  }
}

/** Scores labelled samples with the weights of now and judges the result. */
export async function evaluateSamples(
  fs: FileSystem,
  detector: Detector,
  memory: SupportMemory,
  samples: readonly Sample[],
  { thresholds, ranges }: Calibration,
  batch: number,
  onEvent: RunListener,
  signal?: AbortSignal,
): Promise<Evaluation> {
  const predictor = detector.predictor();
  try {
    memory.fill(predictor);
    const batches = sampleBatches(fs, detector, samples, batch, true);
    const scored = await scoreSet(detector, predictor, batches, {
      ranges,
      signal,
      onProgress: (done) => onEvent({ type: 'stage', what: 'scores', done, total: samples.length }),
    });
    const judgement = judgeScores(scored, detector.kind, thresholds);
    return { judgement, trivial: judgeTrivial(scored, detector.kind), scored };
  } finally {
    predictor.release();
  }
}
