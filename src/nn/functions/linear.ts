import { activation, activationBackward } from '../../kernels/activation.ts';
import { matmul as matmulKernel } from '../../kernels/matmul.ts';
import { sumTo } from '../../kernels/sum_axis.ts';
import { apply, type Operation } from '../tape.ts';
import type { Tensor } from '../tensor.ts';

/** What a linear map ends with; `relu-sloped`: a ReLU of which the gradient that arrives holds the slope. */
export type LinearAct = 'none' | 'relu' | 'relu-sloped';

/**
 * Inputs x, weight, bias when `bias` is set, and a residual when that is. Only ReLU is fused: its backward needs the output alone,
 * which must then be without a residual.
 */
const operation: Operation<{ bias: boolean; act: LinearAct; residual: boolean }> = {
  name: 'linear',
  forward([x, weight, ...rest], { act, bias, residual }, [needX, needWeight]) {
    const options = { ...(bias && { bias: rest[0] }), ...(residual && { residual: rest[rest.length - 1] }) };
    const output = matmulKernel(x, weight, { transposeB: true, act: act === 'none' ? act : 'relu', ...options });
    // Slots keep their places: an unneeded one is filled with the output, which costs nothing.
    return { output, saved: [needWeight ? x : output, needX ? weight : output, output] };
  },
  backward(grad, [x, weight, output], { bias, act, residual }, [needX, needWeight, needBias]) {
    const dz = act === 'relu' ? activationBackward(grad, output, 'relu') : grad;
    const dx = needX ? matmulKernel(dz, weight) : null;
    const dWeight = needWeight ? matmulKernel(dz, x, { transposeA: true }) : null;
    const dBias = bias && needBias ? sumTo(dz, [dz.width]) : null;
    // Of a single row the sum is the row itself.
    if (dz !== grad && dBias?.buffer !== dz.buffer) dz.release();
    return [dx, dWeight, ...(bias ? [dBias] : []), ...(residual ? [grad] : [])];
  },
};

/**
 * y = act(x Wᵀ + b), or y = x Wᵀ + b + residual. With GELU or QuickGELU use {@link linear} and `activate`, which keeps the pre-activation.
 * @param x [..., in]
 * @param weight [out, in]
 * @param bias [out]
 * @param last an activation, or a residual of the result's shape
 * @returns [..., out]
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null, last: LinearAct | Tensor = 'none'): Tensor {
  const [act, residual] = typeof last === 'string' ? ([last, null] as const) : (['none', last] as const);
  const inputs = [x, weight, bias, residual].filter((one) => one !== null);
  return apply(operation, inputs, { bias: bias !== null, act, residual: residual !== null });
}

/** Inputs x, weight, bias and residual; x is what the activation is given. */
const activated: Operation<{ act: 'gelu' | 'quickgelu' }> = {
  name: 'activated_linear',
  forward([x, weight, bias, residual], { act }, [needX, needWeight]) {
    const hidden = activation(x, act);
    const output = matmulKernel(hidden, weight, { transposeB: true, bias, residual });
    if (!needWeight) hidden.release();
    return { output, saved: [needX ? x : output, needX ? weight : output, needWeight ? hidden : output] };
  },
  backward(grad, [x, weight, hidden], { act }, [needX, needWeight, needBias]) {
    return [
      needX ? matmulKernel(grad, weight, { slope: { act, of: x } }) : null,
      needWeight ? matmulKernel(grad, hidden, { transposeA: true }) : null,
      needBias ? sumTo(grad, [grad.width]) : null,
      grad,
    ];
  },
};

/**
 * y = act(x) Wᵀ + b + residual, in whose gradient the slope of the activation is an epilogue.
 * @param x [..., in]
 * @param layer `weight` [out, in] and `bias` [out]
 * @param residual [..., out]
 */
export function activatedLinear(
  x: Tensor,
  layer: { readonly weight: Tensor; readonly bias: Tensor },
  act: 'gelu' | 'quickgelu',
  residual: Tensor,
): Tensor {
  return apply(activated, [x, layer.weight, layer.bias, residual], { act });
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
