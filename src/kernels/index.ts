export { type ActivationKind, activation, activationBackward } from './activation.ts';
export { type AdamSchedule, type AdamState, adamStep } from './adam.ts';
export {
  type AssembleTokensGradients,
  assembleTokens,
  assembleTokensBackward,
  splitTokens,
} from './assemble_tokens.ts';
export { type AttentionOptions, type AttentionResult, attention, attentionBackward } from './attention.ts';
export { bankDistance } from './bank_distance.ts';
export { type BceMode, bce, bceBackward } from './bce.ts';
export { type BinaryKind, binary } from './binary.ts';
export { clipNorm } from './clip_norm.ts';
export { type ConvolutionOptions, type ConvolutionWindow, convolution } from './convolution.ts';
export { cosineLogits, cosineLogitsBackward } from './cosine_logits.ts';
export { type DiceResult, dice, diceBackward } from './dice.ts';
export { add, addInto, clamp, fill, scale, scaleRows, sumAll } from './elementwise.ts';
export { focal, focalBackward } from './focal.ts';
export { gatherRows, scatterRows } from './gather_rows.ts';
export { type Guidance, guidedUpsample } from './guided_upsample.ts';
export {
  type InfoNceResult,
  type InfoNceTargets,
  infoNce,
  infoNceBackward,
  infoNceTargets,
  uploadTargets,
} from './info_nce.ts';
export { type L2NormalizeResult, l2Normalize, l2NormalizeBackward } from './l2_normalize.ts';
export { type LayerNormGradients, type LayerNormResult, layerNorm, layerNormBackward } from './layer_norm.ts';
export { type Activation, type MatmulOptions, matmul } from './matmul.ts';
export { maxPool } from './max_pool.ts';
export { meanGroups, meanGroupsBackward, meanRows, meanRowsBackward } from './mean_groups.ts';
export { patchEmbedding } from './patch_embedding.ts';
export { type Align, bilinearResize, bilinearResizeBackward } from './resize.ts';
export { type Index, uploadIndex } from './row_index.ts';
export { softmax, softmaxBackward } from './softmax.ts';
export { permute, repeatTo, sliceAxis, writeSlice } from './strided_copy.ts';
export { sumAxis } from './sum_axis.ts';
export { topRows } from './top_rows.ts';
export { type UnaryKind, unary } from './unary.ts';
export { type AttentionWindows, windowAttention } from './window_attention.ts';
