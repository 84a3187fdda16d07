export { DualEncoder, type EncoderBatch } from './dual_encoder.ts';
export type { PairStepEvent } from './events.ts';
export { openPairFolder } from './folder_pairs.ts';
export { PRETRAIN_OPTIONS, type PretrainOptions, pretrainOptions, pretrainTexts } from './options.ts';
export type { Pair, PairSource } from './pairs.ts';
export { phantomPairs } from './phantom_pairs.ts';
export { Pretrainer, type PretrainHooks, type PretrainState } from './pretrainer.ts';
export { type PretrainContext, type PretrainRequest, type PretrainResult, pretrain, resumePretrain } from './run.ts';
export type { Stage } from './schedule.ts';
