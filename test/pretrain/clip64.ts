import type { ClipConfig } from '../../src/clip/config.ts';
import { infoNce } from '../../src/lab/reference/info_nce.ts';
import { patchEmbeddingReference } from '../../src/lab/reference/patch_embedding.ts';
import { l2Normalize } from '../../src/lab/reference/rows.ts';
import { type Block64, block64, layerNorm, linear } from '../nn/block64.ts';

/** Weights by canonical name. */
export type Weights64 = ReadonlyMap<string, Float64Array>;

/** A patch as a further picture, and whether each sentence is true of it. */
export interface Region64 {
  readonly picture: number;
  readonly patch: number;
  readonly truth: readonly boolean[];
}

/** The contrastive loss of a whole CLIP model in float64, one sentence and one picture after the other. */
export function clipLoss64(
  config: ClipConfig,
  weights: Weights64,
  images: ArrayLike<number>,
  sentences: readonly (readonly number[])[],
  truth: readonly (readonly boolean[])[],
  regions: readonly Region64[] = [],
): number {
  const batch = sentences.length;
  const each = images.length / batch;
  const pictures = sentences.map((_, b) =>
    tokens64(
      config,
      weights,
      Array.from({ length: each }, (_, i) => images[b * each + i]),
    ),
  );
  const words = sentences.map((ids) => sentence64(config, weights, ids));
  const against = (features: readonly Float64Array[], right: readonly (readonly boolean[])[]) => {
    const cosine = features.flatMap((f) => words.map((t) => f.reduce((sum, v, i) => sum + v * t[i], 0)));
    return infoNce(cosine, weights.get('logit_scale')![0], right);
  };
  const loss = against(
    pictures.map(([cls]) => cls),
    truth,
  );
  if (regions.length === 0) return loss;
  const patches = regions.map(({ picture, patch }) => pictures[picture][1 + patch]);
  return (
    loss +
    against(
      patches,
      regions.map((region) => region.truth),
    )
  );
}

/** The normalised embedding of every token, the class token first. */
function tokens64({ vision, act, embed }: ClipConfig, weights: Weights64, image: ArrayLike<number>): Float64Array[] {
  const { width, patch, nativeSize: size } = vision;
  const get = (name: string) => weights.get(`visual.${name}`)!;
  const patches = patchEmbeddingReference(image, get('conv1.weight'), { batch: 1, size, patch, width });
  const stem = Float64Array.from([...get('class_embedding'), ...patches]).map(
    (v, i) => v + get('positional_embedding')[i],
  );
  let x = layerNorm(stem, get('ln_pre.weight'), get('ln_pre.bias'));
  for (let i = 0; i < vision.layers; i++) {
    const block = blockOf(weights, `visual.transformer.resblocks.${i}`);
    x = block64(x, block, 1, x.length / width, width, { heads: vision.heads, act, causal: false });
  }
  return Array.from({ length: x.length / width }, (_, n) => {
    const token = layerNorm(x.subarray(n * width, (n + 1) * width), get('ln_post.weight'), get('ln_post.bias'));
    return project(token, get('proj'), embed);
  });
}

function sentence64({ text, act, embed }: ClipConfig, weights: Weights64, ids: readonly number[]): Float64Array {
  const { width } = text;
  const tokens = weights.get('token_embedding.weight')!;
  const positions = weights.get('positional_embedding')!;
  let x: Float64Array = Float64Array.from(ids.flatMap((id) => [...tokens.subarray(id * width, (id + 1) * width)]));
  x = x.map((v, i) => v + positions[i]);
  for (let i = 0; i < text.layers; i++) {
    const block = blockOf(weights, `transformer.resblocks.${i}`);
    x = block64(x, block, 1, ids.length, width, { heads: text.heads, act, causal: true });
  }
  const end = layerNorm(x.subarray(x.length - width), weights.get('ln_final.weight')!, weights.get('ln_final.bias')!);
  return project(end, weights.get('text_projection')!, embed);
}

/** The normalised x · projection of one row; the projection is [width, embed]. */
function project(x: Float64Array, projection: Float64Array, embed: number): Float64Array {
  const transposed = Float64Array.from({ length: projection.length }, (_, i) => {
    const [row, column] = [Math.floor(i / x.length), i % x.length];
    return projection[column * embed + row];
  });
  return l2Normalize(linear(x, 1, transposed, new Float64Array(embed)), embed, 1e-12);
}

function blockOf(weights: Weights64, prefix: string): Block64 {
  const get = (name: string) => weights.get(`${prefix}.${name}`)!;
  return {
    'ln_1.weight': get('ln_1.weight'),
    'ln_1.bias': get('ln_1.bias'),
    'qkv.weight': get('attn.in_proj_weight'),
    'qkv.bias': get('attn.in_proj_bias'),
    'out.weight': get('attn.out_proj.weight'),
    'out.bias': get('attn.out_proj.bias'),
    'ln_2.weight': get('ln_2.weight'),
    'ln_2.bias': get('ln_2.bias'),
    'fc.weight': get('mlp.c_fc.weight'),
    'fc.bias': get('mlp.c_fc.bias'),
    'proj.weight': get('mlp.c_proj.weight'),
    'proj.bias': get('mlp.c_proj.bias'),
  };
}
