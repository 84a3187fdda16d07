import { GpuArray } from '../gpu/array.ts';
import { activation, activationBackward } from '../kernels/activation.ts';
import { matmul } from '../kernels/matmul.ts';
import { sumAxis, sumTo } from '../kernels/sum_axis.ts';
import { activate, apply, linear, type Operation, type Tensor } from '../nn/index.ts';

/** Activation of an adapter; `none` is the identity. */
export type AdapterAct = 'relu' | 'leaky_relu' | 'none';

/** Tokens of one tapped layer: class token [B, W] and patch tokens [B, N, W]. */
export interface LayerTokens {
  readonly cls: Tensor;
  readonly patches: Tensor;
}

/**
 * F_gal = act(W_gal [cls ; patch] + b) as W_c cls + W_p patch: one class vector per image, so no 2W-wide tensor exists.
 * Inputs: cls [B, W], patches [B, N, W], weight [E, 2W] with the class columns first, and bias [E] if there is one.
 */
const operation: Operation<{ act: AdapterAct; biased: boolean; sloped: boolean }> = {
  name: 'fusion_adapter',
  forward([cls, patches, weight, bias], { act, biased }, need) {
    const { gpu } = cls;
    using scope = gpu.scope();
    const [, tokens, width] = patches.shape;
    const shared = matmul(cls, weight, { transposeB: true, bColumns: [0, width], ...(biased && { bias }) });
    const output = matmul(patches, weight, {
      transposeB: true,
      bColumns: [width, width],
      bias: shared,
      biasRows: tokens,
      act: act === 'relu' ? 'relu' : 'none',
    });
    const out = act === 'leaky_relu' ? activation(output, 'leaky_relu') : output;
    scope.pass(out.buffer);
    // Both inputs of the products are needed only for the weight, the weight only for the inputs.
    const inputs = need[0] || need[1] ? [cls, patches, weight] : [cls, patches, out];
    return { output: out, saved: [...inputs, out] };
  },
  backward(
    grad,
    [cls, patches, weight, output],
    { act, biased, sloped },
    [needCls, needPatches, needWeight, needBias],
  ) {
    const { gpu } = grad;
    using scope = gpu.scope();
    const [batch, tokens, width] = patches.shape;
    const embed = grad.width;
    const dz = act === 'none' || sloped ? grad : activationBackward(grad, output, act);
    const perImage = sumAxis(dz, [batch, tokens, embed], [batch, embed]);
    const dCls = needCls ? matmul(perImage, weight, { bColumns: [0, width] }) : null;
    const dPatches = needPatches ? matmul(dz, weight, { bColumns: [width, width] }) : null;
    let dWeight: GpuArray | null = null;
    if (needWeight) {
      dWeight = GpuArray.empty(gpu, [embed, 2 * width]);
      matmul(perImage, cls, { transposeA: true, out: dWeight, outColumns: [0, 2 * width] });
      matmul(dz, patches, { transposeA: true, out: dWeight, outColumns: [width, 2 * width] });
    }
    const dBias = biased && needBias ? sumTo(perImage, [embed]) : null;
    const results = [dCls, dPatches, dWeight, ...(biased ? [dBias] : [])];
    for (const r of results) if (r && r.buffer !== grad.buffer) scope.pass(r.buffer);
    return results;
  },
};

/**
 * The fusion adapter: act(W_gal [cls ; patch_i]) for every patch (equation 3 of the paper).
 * @param weight [E, 2W]
 * @param sloped the gradient that arrives holds the slope of the activation
 * @returns [B, N, E]
 */
export function fusionAdapter(
  { cls, patches }: LayerTokens,
  weight: Tensor,
  bias: Tensor | null,
  act: AdapterAct,
  sloped = false,
): Tensor {
  const inputs = bias ? [cls, patches, weight, bias] : [cls, patches, weight];
  return apply(operation, inputs, { act, biased: bias !== null, sloped });
}

/**
 * The local adapter: act(W_loc patch_i) (equation 4).
 * @param weight [E, W]
 * @param sloped the gradient that arrives holds the slope of the activation, a ReLU
 * @returns [B, N, E]
 */
export function localAdapter(
  { patches }: LayerTokens,
  weight: Tensor,
  bias: Tensor | null,
  act: AdapterAct,
  sloped = false,
): Tensor {
  if (act === 'leaky_relu') return activate(linear(patches, weight, bias), act);
  return linear(patches, weight, bias, sloped ? 'relu-sloped' : act);
}
