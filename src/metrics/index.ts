export { inTurns, type Steps } from '../base/steps.ts';
export { aupro, auproExact } from './aupro.ts';
export { auroc } from './auroc.ts';
export { averagePrecision } from './average_precision.ts';
export { type BootstrapOptions, bootstrap, type ClassScores, type Interval } from './bootstrap.ts';
export { type Components, components } from './components.ts';
export { dice } from './dice.ts';
export { f1Max } from './f1_max.ts';
export { FALSE_POSITIVES, type Froc, type FrocPoint } from './froc.ts';
export {
  bestIntensity,
  type Directed,
  type IntensityBaseline,
  type IntensityMetrics,
  intensityBaselines,
} from './intensity_baseline.ts';
export { type IntensityScores, intensityMap, intensityScores } from './intensity_scores.ts';
export type { MeanInterval, PairedDifference } from './paired.ts';
export { type PrecisionRecallPoint, precisionRecallCurve } from './precision_recall.ts';
export {
  type Ranking,
  rankPixels,
  rankScores,
  type ScoredMap,
  type ScoredMaps,
  type ThresholdVisitor,
} from './ranking.ts';
export { type RocPoint, rocCurve } from './roc.ts';
export { imageMetrics, type PixelMetrics, pixelMetrics, pixelMetricsInSteps, type RankingMetrics } from './summary.ts';
