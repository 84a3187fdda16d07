import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import {
  attention_backward_kv,
  attention_backward_kv_registers,
  attention_backward_q,
  attention_backward_q_registers,
  attention_registers,
  attention_subgroups,
  attention as reference,
} from './shaders.gen.ts';
import { elementGrid, expectShape, ranges } from './shapes.ts';

/** The rungs of attention, slowest first; `subgroups` needs the feature of that name, and is of the forward alone. */
export type AttentionRung = 'reference' | 'registers' | 'subgroups';

/** Widest head: 8 rows of it fit into the private memory that WebGPU guarantees. */
const MAX_WIDTH = 128;
/** Loop iterations that one invocation may spend (lavapipe ends loops silently after 65,535). */
const MAX_ITERATIONS = 64000;
/** Queries or keys of one invocation in the `registers` rung. */
const OWN_ROWS = 8;
/** Workgroups along one side of a launch that every adapter takes. */
const MOST_GROUPS = 65535;

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

/** {@link attention} with a given rung (undefined: the best one), for tests and benches. */
export function attentionWith(
  forced: AttentionRung | undefined,
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
  const params = { ...size.params, keys };
  const call = {
    buffers: { qkv, out, log_sum_exp: logSumExp },
    flops: (4 * size.pairs * width * keys) / length,
  };
  const rung = forced ?? bestRung(gpu);
  if (rung === 'subgroups') {
    for (const part of groupParts(gpu, size, params, call.flops)) {
      gpu.run({ ...call, ...part, shader: attention_subgroups });
    }
  } else if (rung === 'registers') {
    for (const part of ownerParts(gpu, size, params, call.flops)) {
      gpu.run({ ...call, ...part, shader: attention_registers });
    }
  } else {
    for (const part of headParts(gpu, size, params, call.flops)) gpu.run({ ...call, ...part, shader: reference });
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

/** {@link attentionBackward} with a given rung (undefined: the best one), for tests and benches. */
export function attentionBackwardWith(
  forced: AttentionRung | undefined,
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
  const byQuery = { buffers: { ...read, out, d_qkv: dQkv, delta }, flops: 6 * size.pairs * width };
  const byKey = { buffers: { ...read, delta, d_qkv: dQkv }, flops: 8 * size.pairs * width };
  // The first dispatch also writes delta, which the second reads.
  if ((forced ?? bestRung(gpu)) !== 'reference') {
    for (const part of ownerParts(gpu, size, size.params, byQuery.flops)) {
      gpu.run({ ...byQuery, ...part, shader: attention_backward_q_registers });
    }
    for (const part of ownerParts(gpu, size, size.params, byKey.flops)) {
      gpu.run({ ...byKey, ...part, shader: attention_backward_kv_registers });
    }
  } else {
    for (const part of headParts(gpu, size, size.params, byQuery.flops)) {
      gpu.run({ ...byQuery, ...part, shader: attention_backward_q });
    }
    for (const part of headParts(gpu, size, size.params, byKey.flops)) {
      gpu.run({ ...byKey, ...part, shader: attention_backward_kv });
    }
  }
  delta.release();
  return dQkv;
}

/** Real GPUs want many small invocations, software adapters few large ones. */
function bestRung({ facts }: Gpu): AttentionRung {
  if (!facts.software) return 'reference';
  return facts.class === 'swiftshader' && facts.features.includes('subgroups') ? 'subgroups' : 'registers';
}

type Size = ReturnType<typeof measure>;

/** The launches of a kernel of the `registers` rung: as many as a submit's budget asks for. */
function* ownerParts<P extends object>(gpu: Gpu, { owners }: Size, params: P, flops: number) {
  const { WORKGROUP } = attention_registers.constants;
  for (const { start, count } of ranges(owners, gpu.budget.pieces(flops), WORKGROUP)) {
    yield {
      params: { ...params, first: start, owners: start + count },
      groups: elementGrid(count, WORKGROUP),
      flops: (flops * count) / owners,
    };
  }
}

/** The launches of the `subgroups` rung: a workgroup for each of its groups of rows. */
function* groupParts<P extends object>(gpu: Gpu, { sequences, length }: Size, params: P, flops: number) {
  const owners = sequences * Math.ceil(length / attention_subgroups.constants.ROWS);
  for (const { start, count } of ranges(owners, gpu.budget.pieces(flops))) {
    const groups = elementGrid(count, 1);
    yield { params: { ...params, first: start, owners: start + count }, groups, flops: (flops * count) / owners };
  }
}

/** The launches of a kernel of the `reference` rung: one invocation per four columns of every row, heads along y. */
function* headParts<P extends object>(gpu: Gpu, { sequences, length, width }: Size, params: P, flops: number) {
  const pieces = Math.max(gpu.budget.pieces(flops), Math.ceil(sequences / MOST_GROUPS));
  const x = Math.ceil((length * width) / 4 / reference.constants.WORKGROUP);
  for (const { start, count } of ranges(sequences, pieces)) {
    const groups: [number, number] = [x, count];
    yield { params: { ...params, first: start }, groups, flops: (flops * count) / sequences };
  }
}

/** Checks the shape and derives what all kernels need. */
function measure(qkv: GpuArray, heads: number, causal: boolean) {
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
    /** Query-key pairs, for the count of operations. */
    pairs: batch * heads * (causal ? (length * (length + 1)) / 2 : length * length),
    /** Heads of all batches. */
    sequences: batch * heads,
    /** Groups of {@link OWN_ROWS} rows, one for each invocation of the `registers` rung. */
    owners: batch * heads * Math.ceil(length / OWN_ROWS),
  };
}
