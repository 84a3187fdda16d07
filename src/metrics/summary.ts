/** The metrics of one test set together, as they are printed and written to a run folder. */
import { aupro, auproExact } from './aupro.ts';
import { auroc } from './auroc.ts';
import { averagePrecision } from './average_precision.ts';
import { f1Max } from './f1_max.ts';
import { type Ranking, rankPixels, rankScores, type ScoredMaps } from './ranking.ts';

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
  return rankingMetrics(rankScores(labels, scores));
}

/** Pixel-level metrics over all pixels of a test set; memory as `rankPixels` and `auproExact` say. */
export function pixelMetrics(maps: ScoredMaps): PixelMetrics {
  const ranking = rankPixels(maps);
  return { ...rankingMetrics(ranking), aupro: aupro(maps), auproExact: auproExact(maps, 0.3, ranking) };
}

/** The metrics that need no more than a ranking, e.g. of the pixels of a part of each image. */
export function rankingMetrics(ranking: Ranking): RankingMetrics {
  const { value, threshold } = f1Max(ranking);
  return {
    positives: ranking.positives,
    negatives: ranking.negatives,
    auroc: auroc(ranking),
    averagePrecision: averagePrecision(ranking),
    f1Max: value,
    f1Threshold: threshold,
  };
}
