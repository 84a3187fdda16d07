export { type Encoded, extractFeatures, type FeatureOptions, type Features } from './features.ts';
export { type BranchScores, blurMaps, type FusedScores, type FusionRanges, fuseScores } from './fuse.ts';
export { type FusionLoss, probabilityMap, type Targets } from './losses.ts';
export { MemoryBank } from './memory_bank.ts';
export { methodOf } from './methods/index.ts';
export type { Method, Model, ModelParts, Scorer } from './methods/method.ts';
export { FusionModel, type FusionParts } from './model.ts';
export { FUSION_OPTIONS, type FusionOptions, fusionOptions, tappedLayers } from './options.ts';
export { BranchScorer, type Prediction } from './predict.ts';
export {
  COMMON_SETTINGS,
  INFERENCE_SETTINGS,
  isMethod,
  METHOD_PRESETS,
  type MethodPreset,
  methodPreset,
} from './presets.ts';
