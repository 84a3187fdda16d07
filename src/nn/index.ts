export { Adam, type AdamOptions, type ParameterGroup } from './adam.ts';
export { attention } from './functions/attention.ts';
export { layerNorm } from './functions/layer_norm.ts';
export { linear, multiply } from './functions/linear.ts';
export { type Align, type BceMode, bce, bilinearResize, dice, type FocalOptions, focal } from './functions/maps.ts';
export { activate, add, reshape, scale, softmax, sum, weightRows } from './functions/pointwise.ts';
export {
  assembleTokens,
  concatenate,
  gatherRows,
  insertRows,
  meanGroups,
  meanRows,
  patchEmbedding,
} from './functions/rows.ts';
export { cosineLogits, infoNce, l2Normalize } from './functions/similarity.ts';
export { apply, checkpoint, type Forward, isRecording, type Operation, Tape } from './tape.ts';
export { Parameter, Tensor } from './tensor.ts';
export { type Affine, type BlockOptions, type BlockWeights, type RowsBefore, transformerBlock } from './transformer.ts';
