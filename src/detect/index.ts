export type { Environment } from '../run/environment.ts';
export type { ModelIdentity } from '../run/model_identity.ts';
export type { ModelDefaults } from '../run/model_settings.ts';
export type { RunConfig, RunSettings } from '../run/run_config.ts';
export type { Choice } from '../run/run_state.ts';
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
export { Detector, type DetectorParts, type FeatureShare, type LoadedTower } from './detector.ts';
export { type Calibration, type Evaluation, type EvaluationRequest, evaluateSamples } from './evaluation.ts';
export type { FeatureBatch, FeatureStore } from './feature_store.ts';
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
export type { Framing, Normalisation, Picture } from './pictures.ts';
export type { SelectedBy, TrainResults, WeightsResult } from './results.ts';
export type { RunContext } from './run_context.ts';
export { type ScoredImage, type ScoredSet, ScoredSoFar, type ScoringItem } from './scoring.ts';
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
export { SharedFeatures } from './shared_features.ts';
export type { TrainItem } from './support.ts';
export type { BankKind, SupportBank } from './support_bank.ts';
export { type Scorer, SupportSet } from './support_set.ts';
export type { StoredTensor } from './tensor_file.ts';
