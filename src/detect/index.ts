export type { Environment } from '../run/environment.ts';
export type { ModelIdentity } from '../run/model_identity.ts';
export type { ModelDefaults } from '../run/model_settings.ts';
export type { RunConfig, RunSettings } from '../run/run_config.ts';
export type { Choice } from '../run/run_state.ts';
export type { StoredRule, VolumeRule } from '../volume/stack.ts';
export { type AdapterFile, openAdapters } from './adapters_file.ts';
export {
  type AnyBackbone,
  type Backbone,
  generatedBackbone,
  type MedClipBackbone,
  type ModelSource,
  openBackbone,
  openModel,
  type SumKeeper,
} from './backbone.ts';
export { type CalibrateRequest, calibrateRun } from './calibrate_run.ts';
export { type CostBytes, type CostFlops, type MethodCost, methodCost } from './cost.ts';
export type { BatchDecisions, ImageSource, RowDecision, SourceOf } from './decider.ts';
export { Detector, type DetectorParts, type FeatureShare, type LoadedTower } from './detector.ts';
export {
  type EvaluateOutcome,
  type EvaluateRequest,
  type EvaluateResults,
  evaluateRun,
  evaluateTrained,
} from './evaluate_run.ts';
export { type Calibration, type Evaluation, type EvaluationRequest, evaluateSamples } from './evaluation.ts';
export type { FeatureBatch, FeatureCache, FillOptions, ImageBatch } from './feature_cache.ts';
export {
  type ClassedScores,
  type ImageThreshold,
  type SeenScores,
  type SeenShare,
  type ThresholdChoice,
  type Worth,
  worthOf,
} from './image_threshold.ts';
export type { SeenImages } from './known_images.ts';
export type { MapFiles } from './maps.ts';
export type { Framing, Normalisation, Picture, View } from './pictures.ts';
export { imagesToScore, type Predictions, type PredictRequest, predictImages, predictTrained } from './predict.ts';
export type { FileRow, PredictionRow } from './predictions.ts';
export type { SelectedBy, TrainResults, WeightsResult } from './results.ts';
export type { RunContext } from './run_context.ts';
export type { PatientMetrics, Sampling } from './sampling.ts';
export type { OnScored, ScoredImage, ScoredSet, ScoredSoFar, ScoringItem } from './scoring.ts';
export {
  chooseThresholds,
  evaluateScores,
  type ForegroundMetrics,
  type ImageDecisions,
  type PixelDecisions,
  type SamplingRequest,
  type SetMetrics,
  type Threshold,
  type Thresholds,
} from './set_metrics.ts';
export { SharedFeatures } from './shared_features.ts';
export type { TrainItem } from './support.ts';
export type { BankKind, SupportBank } from './support_bank.ts';
export { type RangedScorer, type ScorerOptions, SupportSet } from './support_set.ts';
export type { StoredTensor } from './tensor_file.ts';
export { type ScoreChoices, TrainedDetector, type TrainedSource } from './trained.ts';
export type { UnitMetrics } from './unit_metrics.ts';
export type { PatientResult, VolumeMetrics, VolumeResult, VoxelSummary } from './volume_metrics.ts';
export type { WeightSum } from './weight_sum.ts';
