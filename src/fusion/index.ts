export type { Option, OptionTable, OptionValues } from '../base/option.ts';
export type { LayerTokens } from './adapters.ts';
export { type Encoded, extractFeatures, type FeatureOptions, type Features, wholeImages } from './features.ts';
export { type BranchScores, blurMaps, type FusedScores, type FusionRanges, fuseScores, type Range } from './fuse.ts';
export type { FusionLoss, Targets } from './losses.ts';
export { type MapGeometry, probabilityMap } from './maps.ts';
export { MemoryBank, type StoredBank, type StoredRows } from './memory_bank.ts';
export { methodOf } from './methods/index.ts';
export type { Method, Model, ModelParts, Remembered, Scorer } from './methods/method.ts';
export { FusionModel, type FusionParts } from './model.ts';
export { FUSION_OPTIONS, type FusionOptions, fusionOptions, PAPER_VALUES, tappedLayers } from './options.ts';
export { type BranchModel, BranchScorer, type Prediction } from './predict.ts';
export {
  COMMON_SETTINGS,
  INFERENCE_SETTINGS,
  isMethod,
  METHOD_PRESETS,
  type MethodName,
  type MethodPreset,
  methodPreset,
  type Preset,
} from './presets.ts';
export type { KnownEnsembles, Path, PromptBank } from './prompts.ts';
export type { AdaptTokens, Place, ResidualAdapters } from './residual.ts';
