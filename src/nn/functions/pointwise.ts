import { elements, type GpuArray } from '../../gpu/array.ts';
import { type ActivationKind, activationBackward, activation as forwardActivation } from '../../kernels/activation.ts';
import {
  fill,
  add as forwardAdd,
  scale as forwardScale,
  scaleRows,
  sumAll,
  sumLeading,
} from '../../kernels/elementwise.ts';
import { softmaxBackward, softmax as softmaxForward } from '../../kernels/softmax.ts';
import { apply, type Operation } from '../tape.ts';
import type { Tensor } from '../tensor.ts';

const activationOperation: Operation<{ kind: ActivationKind }> = {
  name: 'activation',
  forward([x], { kind }) {
    const output = forwardActivation(x, kind);
    return { output, saved: [kind === 'relu' || kind === 'leaky_relu' ? output : x] };
  },
  backward(grad, [saved], { kind }) {
    return [activationBackward(grad, saved, kind)];
  },
};

/** ReLU, leaky ReLU max(x, 0.01x), GELU x·Φ(x) with erf, or QuickGELU x·σ(1.702x), element by element. */
export function activate(x: Tensor, kind: ActivationKind): Tensor {
  return apply(activationOperation, [x], { kind });
}

const addOperation: Operation<{ inner: readonly number[]; same: boolean }> = {
  name: 'add',
  forward([a, b]) {
    return { output: forwardAdd(a, b), saved: [] };
  },
  backward(grad, _, { inner, same }, [needA, needB]) {
    return [needA ? grad : null, needB ? (same ? grad : sumLeading(grad, inner)) : null];
  },
};

/** a + b, where b has a's shape or a trailing part of it (then it is repeated over the leading axes). */
export function add(a: Tensor, b: Tensor): Tensor {
  return apply(addOperation, [a, b], { inner: b.shape, same: elements(a.shape) === elements(b.shape) });
}

const scaleOperation: Operation<{ factor: number }> = {
  name: 'scale',
  forward: ([x], { factor }) => ({ output: forwardScale(x, factor), saved: [] }),
  backward: (grad, _, { factor }) => [forwardScale(grad, factor)],
};

/** factor · x. */
export function scale(x: Tensor, factor: number): Tensor {
  return apply(scaleOperation, [x], { factor });
}

const scaleRowsOperation: Operation<{ weights: GpuArray }> = {
  name: 'scale_rows',
  forward: ([x], { weights }) => ({ output: scaleRows(x, weights), saved: [] }),
  backward: (grad, _, { weights }) => [scaleRows(grad, weights)],
};

/** Every row of x [..., C] times its own constant; `weights` [rows] gets no gradient. */
export function weightRows(x: Tensor, weights: GpuArray): Tensor {
  return apply(scaleRowsOperation, [x], { weights });
}

const softmaxOperation: Operation<null> = {
  name: 'softmax',
  forward([x]) {
    const output = softmaxForward(x);
    return { output, saved: [output] };
  },
  backward: (grad, [y]) => [softmaxBackward(grad, y)],
};

/** Softmax over the last axis. */
export function softmax(x: Tensor): Tensor {
  return apply(softmaxOperation, [x], null);
}

const sumOperation: Operation<{ shape: readonly number[] }> = {
  name: 'sum',
  forward: ([x]) => ({ output: sumAll(x), saved: [] }),
  backward(grad, _, { shape }) {
    const ones = fill(shape, 1, grad.gpu);
    if (ones.size === 0) return [ones];
    const out = scaleRows(ones.reshape([1, elements(shape)]), grad);
    ones.release();
    return [out.reshape(shape)];
  },
};

/** Sum of all elements, [1]. */
export function sum(x: Tensor): Tensor {
  return apply(sumOperation, [x], { shape: x.shape });
}

const reshapeOperation: Operation<{ from: readonly number[]; to: readonly number[] }> = {
  name: 'reshape',
  forward: ([x], { to }) => ({ output: x.reshape(to), saved: [] }),
  backward: (grad, _, { from }) => [grad.reshape(from)],
};

/** The same values under another shape. */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  return apply(reshapeOperation, [x], { from: x.shape, to: shape });
}
