import { attention as attentionKernel } from '../kernels/attention.ts';
import { layerNorm as layerNormKernel } from '../kernels/layer_norm.ts';
import { matmul } from '../kernels/matmul.ts';
import { attention } from './functions/attention.ts';
import { layerNorm } from './functions/layer_norm.ts';
import { linear } from './functions/linear.ts';
import { activate, add } from './functions/pointwise.ts';
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
}

/**
 * Pre-norm residual block: x += out(attention(ln_1 x)); x += proj(act(fc(ln_2 x))).
 * Without gradients it takes a fused path that keeps nothing but its result.
 * @param x [B, L, W]
 * @returns [B, L, W]
 */
export function transformerBlock(x: Tensor, weights: BlockWeights, options: BlockOptions): Tensor {
  const trained = [x, ...Object.values(weights).flatMap(({ weight, bias }: Affine) => [weight, bias])];
  if (!isRecording() || !trained.some((t) => t.requiresGrad)) return new Tensor(frozenBlock(x, weights, options));
  const { ln_1, qkv, out, ln_2, fc, proj } = weights;
  const mixed = attention(
    linear(layerNorm(x, ln_1.weight, ln_1.bias), qkv.weight, qkv.bias),
    options.heads,
    options.causal,
  );
  const middle = add(x, linear(mixed, out.weight, out.bias));
  const hidden = activate(linear(layerNorm(middle, ln_2.weight, ln_2.bias), fc.weight, fc.bias), options.act);
  return add(middle, linear(hidden, proj.weight, proj.bias));
}

/** The same values with bias, activation and residual as epilogues of the matmuls. */
function frozenBlock(x: Tensor, weights: BlockWeights, { heads, act, causal }: BlockOptions) {
  using scope = x.value.gpu.scope();
  const { ln_1, qkv, out, ln_2, fc, proj } = weights;
  const project = (input: typeof x.value, { weight, bias }: Affine, extra: Parameters<typeof matmul>[2] = {}) =>
    matmul(input, weight.value, { transposeB: true, bias: bias.value, ...extra });
  const normed = layerNormKernel(x.value, ln_1.weight.value, ln_1.bias.value).y;
  const mixed = attentionKernel(project(normed, qkv), heads, { causal }).out;
  const middle = project(mixed, out, { residual: x.value });
  const hidden = project(layerNormKernel(middle, ln_2.weight.value, ln_2.bias.value).y, fc, { act });
  const y = project(hidden, proj, { residual: middle });
  scope.pass(y.buffer);
  return y;
}
