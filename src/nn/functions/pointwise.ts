import type { GpuArray } from '../../gpu/array.ts';
import { type ActivationKind, activationBackward, activation as forwardActivation } from '../../kernels/activation.ts';
import { scale as forwardScale, scaleRows as scaleRowsKernel } from '../../kernels/elementwise.ts';
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
  forward: ([x], { weights }) => ({ output: scaleRowsKernel(x, weights), saved: [] }),
  backward: (grad, _, { weights }) => [scaleRowsKernel(grad, weights)],
};

/** Every row of x [..., C] times its own constant; `weights` [rows] gets no gradient. */
export function scaleRows(x: Tensor, weights: GpuArray): Tensor {
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
