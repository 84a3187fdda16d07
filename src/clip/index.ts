export type { LoadOptions } from './blocks.ts';
export { learnMerges } from './bpe_training.ts';
export {
  type Activation,
  type ClipConfig,
  type ConfigHints,
  PRESETS,
  pixelStatistics,
  presetConfig,
  type TowerConfig,
} from './config.ts';
export { GeneratedClipModel, type GenerateOptions, generateModel, type ParameterLaw } from './generate.ts';
export { inspectModel, type ModelInspection, type TensorFacts } from './inspect.ts';
export type { ModelId } from './model_cache.ts';
export { type ClipModelFile, openClipModel } from './model_file.ts';
export { clipShapes, type TensorNaming } from './names.ts';
export { CLIP_PIXELS, type PixelStatistics, type PreprocessVariant, preprocess, preprocessMask } from './preprocess.ts';
export { type ByteSource, openSafetensors, type SafetensorsFile } from './safetensors.ts';
export type { TensorInfo } from './safetensors_header.ts';
export { SafetensorsWriter, type TensorShape, writeSafetensors } from './safetensors_writer.ts';
export { type PromptSentences, promptSentences, type States } from './sentences.ts';
export { type TextOptions, TextTower } from './text.ts';
export type { PrefixedSentence, TextPrefix } from './text_prefix.ts';
export { type HuggingFaceTokenizerFiles, Tokenizer } from './tokenizer.ts';
export { type VisionOptions, type VisionRequest, type VisionResult, VisionTower } from './vision.ts';
export { StorageReport, type StoredValues, type WeightStorage } from './weight_storage.ts';
export { type ClipWeights, type NamedTensors, TensorWeights } from './weights.ts';
export { tokenizerOfMerges, writeModelFolder } from './write_model.ts';
