export * from './activation.ts';
export * from './adam.ts';
export * from './assemble_tokens.ts';
export * from './attention.ts';
export * from './bank_distance.ts';
export * from './bce.ts';
export * from './binary.ts';
export * from './broadcast.ts';
export * from './clip_norm.ts';
export * from './convolution.ts';
export * from './cosine_logits.ts';
export * from './dice.ts';
export * from './elementwise.ts';
export * from './focal.ts';
export * from './gather_rows.ts';
export * from './guided_upsample.ts';
export * from './info_nce.ts';
export * from './l2_normalize.ts';
export * from './layer_norm.ts';
export * from './matmul.ts';
export {
  MATMUL_VARIANTS,
  type MatmulPlan,
  type MatmulSize,
  type MatmulVariant,
  matmulVariants,
  planMatmul,
} from './matmul_plan.ts';
export * from './max_pool.ts';
export * from './mean_groups.ts';
export * from './patch_embedding.ts';
export * from './pixel_loss.ts';
export * from './resize.ts';
export * as shaders from './shaders.gen.ts';
export * from './shapes.ts';
export * from './softmax.ts';
export * from './strided_copy.ts';
export * from './sum_axis.ts';
export * from './top_rows.ts';
export * from './tune.ts';
export * from './unary.ts';
export * from './window_attention.ts';
