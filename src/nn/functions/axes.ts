import { elements, GpuArray } from '../../gpu/array.ts';
import { permute as forwardPermute, repeatTo, sliceAxis, writeSlice } from '../../kernels/strided_copy.ts';
import { sumAxes } from '../../kernels/sum_axis.ts';
import { apply, type Operation } from '../tape.ts';
import type { Tensor } from '../tensor.ts';

/** Axis numbers from 0; a negative one counts from the end. */
function axisOf({ shape }: Tensor, axis: number): number {
  const from = axis < 0 ? axis + shape.length : axis;
  if (!(from in shape)) throw new Error(`[${shape}] has no axis ${axis}`);
  return from;
}

/** Sums or means: which axes, and what the sum is multiplied by. */
interface Reduction {
  readonly axes: readonly number[];
  readonly factor: number;
  readonly from: readonly number[];
  readonly to: readonly number[];
}

const sumOperation: Operation<Reduction> = {
  name: 'sum',
  forward: ([x], { axes, factor, to }) => ({ output: sumAxes(x, axes, factor).reshape(to), saved: [] }),
  backward(grad, _, { axes, factor, from }) {
    const kept = from.map((n, axis) => (axes.includes(axis) ? 1 : n));
    return [repeatTo(grad.reshape(kept), from, factor)];
  },
};

function reduce(x: Tensor, axes: readonly number[] | undefined, keep: boolean, mean: boolean): Tensor {
  const own = axes?.map((axis) => axisOf(x, axis)) ?? x.shape.map((_, axis) => axis);
  const count = own.reduce((n, axis) => n * x.shape[axis], 1);
  const kept = x.shape.map((n, axis) => (own.includes(axis) ? 1 : n));
  const left = keep ? kept : x.shape.filter((_, axis) => !own.includes(axis));
  const to = axes || keep ? left : [1];
  return apply(sumOperation, [x], { axes: own, factor: mean ? 1 / count : 1, from: x.shape, to });
}

/**
 * Sum over some axes, in a fixed order.
 * @param axes negative ones count from the end; default: all, to [1]
 * @param keep the axes stay, with a length of 1, so that the result broadcasts against x
 */
export function sum(x: Tensor, axes?: readonly number[], keep = false): Tensor {
  return reduce(x, axes, keep, false);
}

/** Mean over some axes; see {@link sum}. */
export function mean(x: Tensor, axes?: readonly number[], keep = false): Tensor {
  return reduce(x, axes, keep, true);
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

const permuteOperation: Operation<{ order: readonly number[] }> = {
  name: 'permute',
  forward: ([x], { order }) => ({ output: forwardPermute(x, order), saved: [] }),
  backward: (grad, _, { order }) => [
    forwardPermute(
      grad,
      order.map((_, axis) => order.indexOf(axis)),
    ),
  ],
};

/**
 * The axes of x in another order.
 * @param order which axis of x stands at each place of the result
 */
export function permute(x: Tensor, order: readonly number[]): Tensor {
  return apply(permuteOperation, [x], { order: order.map((axis) => axisOf(x, axis)) });
}

/** x with two axes exchanged; default: the last two, as of a matrix. */
export function transpose(x: Tensor, first = -2, second = -1): Tensor {
  const [a, b] = [axisOf(x, first), axisOf(x, second)];
  return permute(
    x,
    x.shape.map((_, axis) => (axis === a ? b : axis === b ? a : axis)),
  );
}

const sliceOperation: Operation<{ axis: number; start: number; count: number; from: readonly number[] }> = {
  name: 'slice',
  forward: ([x], { axis, start, count }) => ({ output: sliceAxis(x, axis, start, count), saved: [] }),
  backward(grad, _, { axis, start, from }) {
    const out = GpuArray.zeros(grad.gpu, from);
    writeSlice(out, grad, axis, start);
    return [out];
  },
};

/**
 * Entries `start … end-1` along one axis.
 * @param end default: to the end; negative numbers count from the end, as in `Array.slice`
 * @throws Error where there is no such entry
 */
export function slice(x: Tensor, axis: number, start: number, end = x.shape[axisOf(x, axis)]): Tensor {
  const own = axisOf(x, axis);
  const length = x.shape[own];
  const [from, to] = [start, end].map((n) => (n < 0 ? n + length : n));
  return apply(sliceOperation, [x], { axis: own, start: from, count: to - from, from: x.shape });
}

const concatenateOperation: Operation<{ axis: number; shapes: readonly (readonly number[])[] }> = {
  name: 'concatenate',
  forward(inputs, { axis, shapes }) {
    const total = shapes.reduce((n, shape) => n + shape[axis], 0);
    const output = GpuArray.empty(inputs[0].gpu, inputs[0].shape.with(axis, total));
    eachPart(shapes, axis, (i, start) => {
      if (axis === 0) inputs[i].gpu.copy(run(inputs[i], 0, inputs[i].size), run(output, start, inputs[i].size));
      else writeSlice(output, inputs[i], axis, start);
    });
    return { output, saved: [] };
  },
  backward(grad, _, { axis, shapes }, need) {
    const gradients: (GpuArray | null)[] = shapes.map(() => null);
    eachPart(shapes, axis, (i, start) => {
      if (!need[i]) return;
      gradients[i] = axis === 0 ? part(grad, start, shapes[i]) : sliceAxis(grad, axis, start, shapes[i][axis]);
    });
    return gradients;
  },
};

/** Where each part starts: along the axis, or, for axis 0, in elements. */
function eachPart(
  shapes: readonly (readonly number[])[],
  axis: number,
  body: (part: number, start: number) => void,
): void {
  let start = 0;
  shapes.forEach((shape, i) => {
    body(i, start);
    start += axis === 0 ? elements(shape) : shape[axis];
  });
}

/** Elements of x from `start` on: its own where they begin at a place that can be bound, else a copy. */
function part(x: GpuArray, start: number, shape: readonly number[]): GpuArray {
  const count = elements(shape);
  const own = x.reshape([x.size]).view(start, count);
  if (own) return own.reshape(shape);
  const out = GpuArray.empty(x.gpu, shape);
  x.gpu.copy(run(x, start, count), run(out, 0, count));
  return out;
}

/** Bytes of consecutive elements, for a copy without a kernel. */
function run(x: GpuArray, first: number, count: number) {
  return { buffer: x.buffer, offset: x.offset + 4 * first, bytes: 4 * count };
}

/** Tensors one after the other along one axis (default: the first); the other axes are equal. */
export function concatenate(inputs: readonly Tensor[], axis = 0): Tensor {
  const own = axisOf(inputs[0], axis);
  const [first] = inputs;
  for (const { shape } of inputs) {
    if (shape.length !== first.shape.length || shape.some((n, i) => i !== own && n !== first.shape[i])) {
      throw new Error(`concatenate: [${shape}] does not go with [${first.shape}] along axis ${axis}`);
    }
  }
  if (inputs.length === 1) return first;
  return apply(concatenateOperation, inputs, { axis: own, shapes: inputs.map((x) => x.shape) });
}
