import type { GpuArray } from '../gpu/array.ts';
import { attention as attentionKernel } from '../kernels/attention.ts';
import { gatherRows as gatherKernel } from '../kernels/gather_rows.ts';
import { layerNorm as layerNormKernel } from '../kernels/layer_norm.ts';
import { matmul } from '../kernels/matmul.ts';
import type { Index } from '../kernels/row_index.ts';
import { attention } from './functions/attention.ts';
import { reshape } from './functions/axes.ts';
import { layerNorm } from './functions/layer_norm.ts';
import { activatedLinear, linear } from './functions/linear.ts';
import { gatherRows, placeRows } from './functions/rows.ts';
import { isRecording } from './tape.ts';
import { Tensor } from './tensor.ts';

/** Weight and bias of a linear map ([out, in], [out]) or a norm ([W], [W]). */
export interface Affine {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** Parameters of one pre-norm residual block of width W. */
export interface BlockWeights {
  readonly ln_1: Affine;
  /** [3W, W], query, key and value rows one after the other. */
  readonly qkv: Affine;
  /** [W, W] */
  readonly out: Affine;
  readonly ln_2: Affine;
  /** [4W, W] */
  readonly fc: Affine;
  /** [W, 4W] */
  readonly proj: Affine;
}

/** What a block does besides its weights. */
export interface BlockOptions {
  readonly heads: number;
  readonly act: 'gelu' | 'quickgelu';
  readonly causal: boolean;
  /**
   * Rows of [B·L, W] whose output is wanted, in place of all: after the attention only these are computed. For a last
   * block that is pooled at one token. With `before` numbers of [R, W].
   */
  readonly pick?: Index;
  /** Constant rows that the attention sees before those of `x`; `x` then is [R, W], the rows that are computed. */
  readonly before?: RowsBefore;
  /** In place of the attention among all rows, in frozen blocks only: [B, L, 3W] → [B, L, W]. */
  readonly attend?: (qkv: GpuArray) => GpuArray;
}

/** Rows of sequences that never change, reduced to what later rows see of them, and where all rows belong. */
export interface RowsBefore {
  /** Queries, keys and values of P constant rows, [P, 3W]. */
  readonly qkv: Tensor;
  /** For each place of the B sequences of length L, a row of the P constant and the R computed ones. */
  readonly places: Index;
  /** The place of each computed row, R numbers below B·L. */
  readonly own: Index;
  /** B */
  readonly batch: number;
}

/**
 * Pre-norm residual block: x += out(attention(ln_1 x)); x += proj(act(fc(ln_2 x))).
 * Without gradients it takes a fused path that keeps nothing but its result.
 * @param x [B, L, W]; with `before` [R, W]
 * @returns as `x`; with `pick` [n, W]
 */
export function transformerBlock(x: Tensor, weights: BlockWeights, options: BlockOptions): Tensor {
  const trained = [x, ...Object.values(weights).flatMap(({ weight, bias }: Affine) => [weight, bias])];
  if (!isRecording() || !trained.some((t) => t.requiresGrad)) return new Tensor(frozenBlock(x, weights, options));
  const { out, ln_2, fc, proj } = weights;
  const { heads, act, causal, pick, before, attend } = options;
  if (attend) throw new Error('a block with an attention of its own has no gradient');
  const rows = (t: Tensor, index?: Index) => (index ? gatherRows(reshape(t, [t.value.rows, t.value.width]), index) : t);
  const own = blockQkv(x, weights);
  const all = before ? placed(before, own) : own;
  const seen = rows(attention(all, heads, causal), before?.own);
  const middle = linear(rows(seen, pick), out.weight, out.bias, rows(x, pick));
  const hidden = linear(layerNorm(middle, ln_2.weight, ln_2.bias), fc.weight, fc.bias);
  return activatedLinear(hidden, proj, act, middle);
}

/** Constant and computed rows where they belong: [B, L, 3W]. */
function placed({ qkv, places, own: at, batch }: RowsBefore, own: Tensor): Tensor {
  const rows = placeRows(qkv, own, places, at);
  return reshape(rows, [batch, places.host.length / batch, own.value.width]);
}

/** Queries, keys and values of rows, as the attention of a block takes them: [..., W] → [..., 3W]. */
export function blockQkv(x: Tensor, { ln_1, qkv }: BlockWeights): Tensor {
  return linear(layerNorm(x, ln_1.weight, ln_1.bias), qkv.weight, qkv.bias);
}

/** The same values with bias, activation and residual as epilogues of the matmuls. */
function frozenBlock(x: Tensor, weights: BlockWeights, options: BlockOptions) {
  using scope = x.value.gpu.scope();
  const { heads, act, causal, pick, before } = options;
  const attend = options.attend ?? ((all: GpuArray) => attentionKernel(all, heads, { causal }).out);
  const { ln_1, qkv, out, ln_2, fc, proj } = weights;
  const project = (input: typeof x.value, { weight, bias }: Affine, extra: Parameters<typeof matmul>[2] = {}) =>
    matmul(input, weight.value, { transposeB: true, bias: bias.value, ...extra });
  const normed = layerNormKernel(x.value, ln_1.weight.value, ln_1.bias.value).y;
  const own = project(normed, qkv);
  const all = before ? placed(before, new Tensor(own)).value : own;
  const rows = (t: GpuArray, index?: Index) => (index ? gatherKernel(t.reshape([t.rows, t.width]), index) : t);
  const seen = rows(attend(all), before?.own);
  const middle = project(rows(seen, pick), out, { residual: rows(x.value, pick) });
  const hidden = project(layerNormKernel(middle, ln_2.weight.value, ln_2.bias.value).y, fc, { act });
  const y = project(hidden, proj, { residual: middle });
  scope.pass(y.buffer);
  return y;
}
