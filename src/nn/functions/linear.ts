import { activationBackward } from '../../kernels/activation.ts';
import { matmul as matmulKernel } from '../../kernels/matmul.ts';
import { sumTo } from '../../kernels/sum_axis.ts';
import { apply, type Operation } from '../tape.ts';
import type { Tensor } from '../tensor.ts';

/** Inputs x, weight, and bias when `bias` is set. Only ReLU is fused: its backward needs the output alone. */
const operation: Operation<{ bias: boolean; act: 'none' | 'relu' }> = {
  name: 'linear',
  forward([x, weight, bias], { act }, [needX, needWeight]) {
    const output = matmulKernel(x, weight, { transposeB: true, act, ...(bias && { bias }) });
    // Slots keep their places: an unneeded one is filled with the output, which costs nothing.
    return { output, saved: [needWeight ? x : output, needX ? weight : output, output] };
  },
  backward(grad, [x, weight, output], { bias, act }, [needX, needWeight, needBias]) {
    const dz = act === 'relu' ? activationBackward(grad, output, 'relu') : grad;
    const dx = needX ? matmulKernel(dz, weight) : null;
    const dWeight = needWeight ? matmulKernel(dz, x, { transposeA: true }) : null;
    const dBias = bias && needBias ? sumTo(dz, [dz.width]) : null;
    // Of a single row the sum is the row itself.
    if (dz !== grad && dBias?.buffer !== dz.buffer) dz.release();
    return [dx, dWeight, dBias];
  },
};

/**
 * y = act(x Wᵀ + b). With GELU or QuickGELU use {@link linear} and `activate`, which keeps the pre-activation.
 * @param x [..., in]
 * @param weight [out, in]
 * @param bias [out]
 * @returns [..., out]
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null, act: 'none' | 'relu' = 'none'): Tensor {
  return apply(operation, bias ? [x, weight, bias] : [x, weight], { bias: bias !== null, act });
}

const product: Operation<{ alpha: number }> = {
  name: 'matmul',
  forward([a, b], { alpha }, [needA, needB]) {
    const output = matmulKernel(a, b, { alpha });
    return { output, saved: [needB ? a : output, needA ? b : output] };
  },
  backward(grad, [a, b], { alpha }, [needA, needB]) {
    return [
      needA ? matmulKernel(grad, b, { transposeB: true, alpha }) : null,
      needB ? matmulKernel(a, grad, { transposeA: true, alpha, batched: b.shape.length > 2 }) : null,
    ];
  },
};

/**
 * alpha · a b.
 * @param a [..., M, K]
 * @param b [K, N], or with the same leading axes as a
 */
export function matmul(a: Tensor, b: Tensor, alpha = 1): Tensor {
  return apply(product, [a, b], { alpha });
}
