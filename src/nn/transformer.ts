import type { GpuArray } from '../gpu/array.ts';
import { attention as attentionKernel } from '../kernels/attention.ts';
import { gatherRows as gatherKernel } from '../kernels/gather_rows.ts';
import { layerNorm as layerNormKernel } from '../kernels/layer_norm.ts';
import { matmul } from '../kernels/matmul.ts';
import type { Index } from '../kernels/row_index.ts';
import { attention } from './functions/attention.ts';
import { layerNorm } from './functions/layer_norm.ts';
import { linear } from './functions/linear.ts';
import { activate, add, reshape } from './functions/pointwise.ts';
import { gatherRows } from './functions/rows.ts';
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
  /** [3W, W]: query, key and value rows one after the other. */
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
   * block that is pooled at one token.
   */
  readonly pick?: Index;
}

/**
 * Pre-norm residual block: x += out(attention(ln_1 x)); x += proj(act(fc(ln_2 x))).
 * Without gradients it takes a fused path that keeps nothing but its result.
 * @param x [B, L, W]
 * @returns [B, L, W]; with `pick` [n, W]
 */
export function transformerBlock(x: Tensor, weights: BlockWeights, options: BlockOptions): Tensor {
  const trained = [x, ...Object.values(weights).flatMap(({ weight, bias }: Affine) => [weight, bias])];
  if (!isRecording() || !trained.some((t) => t.requiresGrad)) return new Tensor(frozenBlock(x, weights, options));
  const { ln_1, qkv, out, ln_2, fc, proj } = weights;
  const { heads, act, causal, pick } = options;
  const seen = attention(linear(layerNorm(x, ln_1.weight, ln_1.bias), qkv.weight, qkv.bias), heads, causal);
  const rows = (t: Tensor) => (pick ? gatherRows(reshape(t, [t.value.rows, t.value.width]), pick) : t);
  const middle = add(rows(x), linear(rows(seen), out.weight, out.bias));
  const hidden = activate(linear(layerNorm(middle, ln_2.weight, ln_2.bias), fc.weight, fc.bias), act);
  return add(middle, linear(hidden, proj.weight, proj.bias));
}

/** The same values with bias, activation and residual as epilogues of the matmuls. */
function frozenBlock(x: Tensor, weights: BlockWeights, { heads, act, causal, pick }: BlockOptions) {
  using scope = x.value.gpu.scope();
  const { ln_1, qkv, out, ln_2, fc, proj } = weights;
  const project = (input: typeof x.value, { weight, bias }: Affine, extra: Parameters<typeof matmul>[2] = {}) =>
    matmul(input, weight.value, { transposeB: true, bias: bias.value, ...extra });
  const normed = layerNormKernel(x.value, ln_1.weight.value, ln_1.bias.value).y;
  const seen = attentionKernel(project(normed, qkv), heads, { causal }).out;
  const rows = (t: GpuArray) => (pick ? gatherKernel(t.reshape([t.rows, t.width]), pick) : t);
  const middle = project(rows(seen), out, { residual: rows(x.value) });
  const hidden = project(layerNormKernel(middle, ln_2.weight.value, ln_2.bias.value).y, fc, { act });
  const y = project(hidden, proj, { residual: middle });
  scope.pass(y.buffer);
  return y;
}
