export { type AdapterFile, openAdapters } from './adapters_file.ts';
export {
  type AnyBackbone,
  type Backbone,
  generatedBackbone,
  type MedClipBackbone,
  type ModelSource,
  openBackbone,
  openModel,
} from './backbone.ts';
export { type CostBytes, type CostFlops, type MethodCost, methodCost } from './cost.ts';
export { Detector, type DetectorParts } from './detector.ts';
export { type Calibration, type Evaluation, type EvaluationRequest, evaluateSamples } from './evaluation.ts';
export {
  type EvaluateOutcome,
  type EvaluateRequest,
  type EvaluateResults,
  evaluateRun,
  evaluateTrained,
  imagesToScore,
  type Predicted,
  type PredictRequest,
  predictImages,
  predictTrained,
  TrainedDetector,
  type TrainedSource,
} from './inference.ts';
export { type PredictionRow, writeMaps } from './output.ts';
export type { SelectedBy, TrainResults, WeightsResult } from './results.ts';
export type { RunContext } from './run_context.ts';
export type { ScoredImage, ScoredSet } from './scoring.ts';
export {
  chooseThresholds,
  evaluateScores,
  type ForegroundMetrics,
  type ImageDecisions,
  type PixelDecisions,
  type SetMetrics,
  type Threshold,
  type Thresholds,
} from './set_metrics.ts';
export { type RangedScorer, SupportSet } from './support_set.ts';
