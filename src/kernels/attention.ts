import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { type AttentionVariant, attentionRow, chosenAttention, type Sequences } from './attention_variants.ts';
import { expectShape } from './shapes.ts';

/** Widest head: 8 rows of it fit into the private memory that WebGPU guarantees. */
const MAX_WIDTH = 128;
/** Loop iterations that one invocation may spend (lavapipe ends loops silently after 65,535). */
const MAX_ITERATIONS = 64000;

/** Choices of {@link attention}. */
export interface AttentionOptions {
  /** A token sees only itself and those before it. */
  readonly causal?: boolean;
  /** The first tokens of every sequence alone are seen, the others are padding; not with `causal`. Default: all. */
  readonly keys?: number;
}

/** What the forward leaves for the backward. */
export interface AttentionResult {
  /** [B, L, W] */
  readonly out: GpuArray;
  /** [B, heads, L], log Σ exp of the scaled scores of each query. */
  readonly logSumExp: GpuArray;
}

/**
 * softmax(q kᵀ / √d) v for every head, d = W / heads, without a score matrix. d is a multiple of 4 up to 128, and the
 * number of tokens L at most 64,000 / (d / 4 + 1) (3,764 tokens of a 64 wide head; 518 px images have 1,370).
 * @param qkv [B, L, 3W]: queries, keys and values side by side, each with its heads side by side
 */
export function attention(qkv: GpuArray, heads: number, options: AttentionOptions = {}): AttentionResult {
  return attentionWith(undefined, qkv, heads, options);
}

/** {@link attention} with a given variant (undefined: the best one), for tests and benches. */
export function attentionWith(
  forced: AttentionVariant | undefined,
  qkv: GpuArray,
  heads: number,
  { causal = false, keys = qkv.shape[1] }: AttentionOptions = {},
): AttentionResult {
  const { gpu } = qkv;
  const size = measure(qkv, heads, causal);
  const { batch, length, width } = size;
  if (!(keys >= 1 && keys <= length) || (causal && keys < length)) {
    throw new Error(`attention: ${keys} of ${length} tokens cannot be seen${causal ? ' by causal attention' : ''}`);
  }
  const out = GpuArray.empty(gpu, [batch, length, heads * width]);
  const logSumExp = GpuArray.empty(gpu, [batch, heads, length]);
  const flops = (4 * size.pairs * width * keys) / length;
  const { forward } = rowFor(gpu, forced);
  for (const part of forward.launches(gpu, size, { ...size.params, keys }, flops)) {
    gpu.run({ ...part, shader: forward.shader, buffers: { qkv, out, log_sum_exp: logSumExp } });
  }
  return { out, logSumExp };
}

/**
 * Gradient of {@link attention} by qkv.
 * @param grad [B, L, W]
 * @param out [B, L, W] and
 * @param logSumExp [B, heads, L], what the forward returned
 * @returns [B, L, 3W]
 */
export function attentionBackward(
  grad: GpuArray,
  qkv: GpuArray,
  out: GpuArray,
  logSumExp: GpuArray,
  heads: number,
  options: Pick<AttentionOptions, 'causal'> = {},
): GpuArray {
  return attentionBackwardWith(undefined, grad, qkv, { out, logSumExp }, heads, options);
}

/** {@link attentionBackward} with a given variant (undefined: the best one), for tests and benches. */
export function attentionBackwardWith(
  forced: AttentionVariant | undefined,
  grad: GpuArray,
  qkv: GpuArray,
  { out, logSumExp }: AttentionResult,
  heads: number,
  { causal = false }: Pick<AttentionOptions, 'causal'> = {},
): GpuArray {
  const { gpu } = qkv;
  const size = measure(qkv, heads, causal);
  const { batch, length, width } = size;
  expectShape('attention gradient', grad, [batch, length, heads * width]);
  expectShape('attention out', out, grad.shape);
  expectShape('attention logSumExp', logSumExp, [batch, heads, length]);
  const dQkv = GpuArray.empty(gpu, qkv.shape);
  const delta = GpuArray.empty(gpu, logSumExp.shape);
  const read = { grad, qkv, log_sum_exp: logSumExp };
  const { backward } = rowFor(gpu, forced);
  // The first dispatch also writes delta, which the second reads.
  for (const part of backward.launches(gpu, size, size.params, 6 * size.pairs * width)) {
    gpu.run({ ...part, shader: backward.byQuery, buffers: { ...read, out, d_qkv: dQkv, delta } });
  }
  for (const part of backward.launches(gpu, size, size.params, 8 * size.pairs * width)) {
    gpu.run({ ...part, shader: backward.byKey, buffers: { ...read, delta, d_qkv: dQkv } });
  }
  delta.release();
  return dQkv;
}

/** The row of a variant, or of the one that was measured to be the best, or that is best for the kind of adapter. */
function rowFor({ facts, tuning }: Gpu, forced: AttentionVariant | undefined) {
  return attentionRow(forced ?? chosenAttention(facts, tuning.attention));
}

/** What all variants take. */
interface Measured {
  /** Parameters of every kernel. */
  readonly params: Readonly<Record<'length' | 'heads' | 'causal' | 'scale' | 'quads', number>>;
  /** Query-key pairs, for the count of operations. */
  readonly pairs: number;
}

/** Checks the shape and derives what all kernels need. */
function measure(qkv: GpuArray, heads: number, causal: boolean): Sequences & Measured {
  const [batch, length, triple] = qkv.shape;
  const width = triple / (3 * heads);
  if (qkv.dtype !== 'f32' || qkv.shape.length !== 3 || width % 4 !== 0 || width > MAX_WIDTH) {
    throw new Error(`attention: qkv [${qkv.shape}] does not hold ${heads} heads of a multiple of 4 up to ${MAX_WIDTH}`);
  }
  const most = Math.floor(MAX_ITERATIONS / (width / 4 + 1));
  if (length > most) throw new Error(`attention: ${length} tokens, but at most ${most} with heads ${width} wide`);
  return {
    batch,
    length,
    width,
    params: { length, heads, causal: Number(causal), scale: 1 / Math.sqrt(width), quads: width / 4 },
    pairs: batch * heads * (causal ? (length * (length + 1)) / 2 : length * length),
    sequences: batch * heads,
  };
}
