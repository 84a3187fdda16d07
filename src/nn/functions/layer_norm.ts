import { layerNorm as forward, layerNormBackward } from '../../kernels/layer_norm.ts';
import { apply, type Operation } from '../tape.ts';
import type { Tensor } from '../tensor.ts';

const operation: Operation<{ eps: number }> = {
  name: 'layer_norm',
  forward([x, weight, bias], { eps }) {
    const { y, mean, rstd } = forward(x, weight, bias, eps);
    return { output: y, saved: [x, weight, mean, rstd] };
  },
  backward(grad, [x, weight, mean, rstd], _, [needX, needWeight, needBias], [sum]) {
    const d = layerNormBackward(grad, x, weight, mean, rstd, { x: needX, weight: needWeight || needBias }, sum);
    return [d.x, d.weight, d.bias];
  },
};

/**
 * y = (x − mean) / √(variance + eps) · weight + bias over the last axis.
 * @param x [..., width]
 */
export function layerNorm(x: Tensor, weight: Tensor, bias: Tensor, eps = 1e-5): Tensor {
  return apply(operation, [x, weight, bias], { eps });
}
