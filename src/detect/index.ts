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
export { type CalibrateRequest, calibrateRun } from './calibrate_run.ts';
export { type CostBytes, type CostFlops, type MethodCost, methodCost } from './cost.ts';
export type { BatchDecisions, RowDecision } from './decider.ts';
export { Detector, type DetectorParts } from './detector.ts';
export {
  type EvaluateOutcome,
  type EvaluateRequest,
  type EvaluateResults,
  evaluateRun,
  evaluateTrained,
} from './evaluate_run.ts';
export { type Calibration, type Evaluation, type EvaluationRequest, evaluateSamples } from './evaluation.ts';
export {
  type ClassedScores,
  type ImageThreshold,
  type SeenShare,
  type ThresholdChoice,
  type Worth,
  worthOf,
} from './image_threshold.ts';
export type { MapFiles } from './maps.ts';
export { imagesToScore, type Predictions, type PredictRequest, predictImages, predictTrained } from './predict.ts';
export type { FileRow, PredictionRow } from './predictions.ts';
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
export { TrainedDetector, type TrainedSource } from './trained.ts';
