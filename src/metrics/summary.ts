/** The metrics of one test set together, as they are printed and written to a run folder. */
import { allSteps, type Steps } from '../base/steps.ts';
import { auproExactTally, auproInSteps } from './aupro.ts';
import { aurocTally } from './auroc.ts';
import { averagePrecisionTally } from './average_precision.ts';
import { f1MaxTally } from './f1_max.ts';
import { type Ranking, rankPixelsInSteps, rankScores, type ScoredMaps, type Tally } from './ranking.ts';

/** Metrics of a ranking; NaN where undefined. */
export interface RankingMetrics {
  readonly positives: number;
  readonly negatives: number;
  readonly auroc: number;
  readonly averagePrecision: number;
  readonly f1Max: number;
  /** The score at or above which `f1Max` calls a positive. */
  readonly f1Threshold: number;
}

/** Metrics of a pixel ranking with the two forms of region overlap; NaN where undefined. */
export interface PixelMetrics extends RankingMetrics {
  /** 200 thresholds, as in APRIL-GAN. */
  readonly aupro: number;
  /** The exact integral. */
  readonly auproExact: number;
}

/** Image-level metrics of one score per image; a label that is not 0 is abnormal. */
export function imageMetrics(labels: ArrayLike<number>, scores: ArrayLike<number>): RankingMetrics {
  return allSteps(rankingMetrics(rankScores(labels, scores)));
}

/** Pixel-level metrics over all pixels of a test set; memory as `rankPixels` and `auproExact` say. */
export function pixelMetrics(maps: ScoredMaps): PixelMetrics {
  return allSteps(pixelMetricsInSteps(maps));
}

/** {@link pixelMetrics} in steps of a map. */
export function* pixelMetricsInSteps(maps: ScoredMaps): Steps<PixelMetrics> {
  const ranking = yield* rankPixelsInSteps(maps);
  const exact = yield* auproExactTally(maps, 0.3, ranking);
  const metrics = yield* rankingMetrics(ranking, [exact]);
  return { ...metrics, aupro: yield* auproInSteps(maps), auproExact: exact.result() };
}

/**
 * The metrics that need no more than a ranking, e.g. of the pixels of a part of each image, in steps of its walk.
 * @param others that walk along
 */
export function* rankingMetrics(ranking: Ranking, others: readonly Tally<unknown>[] = []): Steps<RankingMetrics> {
  const [area, precision, f1] = [aurocTally(ranking), averagePrecisionTally(ranking), f1MaxTally(ranking)];
  yield* ranking.walkInSteps((score, p, n) => {
    area.visit(score, p, n);
    precision.visit(score, p, n);
    f1.visit(score, p, n);
    for (const other of others) other.visit(score, p, n);
  });
  const { value, threshold } = f1.result();
  return {
    positives: ranking.positives,
    negatives: ranking.negatives,
    auroc: area.result(),
    averagePrecision: precision.result(),
    f1Max: value,
    f1Threshold: threshold,
  };
}
