export { type ErrorCode, FusionclipError } from './base/errors.ts';
/**
 * fusionclip: few-shot anomaly detection in medical images with CLIP, trained and run on WebGPU.
 *
 * The sub-paths `fusionclip/{gpu,kernels,nn,data,clip,hub,fusion,train,pretrain,study,report}` hold one area each under plain names; here
 * they are namespaces, and what a program starts from stands by itself.
 */
export * as clip from './clip/index.ts';
export { openClipModel, TextTower, Tokenizer, VisionTower } from './clip/index.ts';
export * as data from './data/index.ts';
export { decodeImage, openDataset } from './data/index.ts';
export * as fusion from './fusion/index.ts';
export { FusionModel, type FusionOptions, fusionOptions, Predictor } from './fusion/index.ts';
export * as gpu from './gpu/index.ts';
export { Gpu, GpuArray } from './gpu/index.ts';
export * as hub from './hub/index.ts';
export * as kernels from './kernels/index.ts';
export * as nn from './nn/index.ts';
export { Adam, Parameter, Tape, Tensor } from './nn/index.ts';
export * as pretrain from './pretrain/index.ts';
export * as report from './report/index.ts';
export * as study from './study/index.ts';
export * as train from './train/index.ts';
