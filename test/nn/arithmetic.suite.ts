import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { at, build, sumOver, zip } from '../../src/lab/reference/arrays.ts';
import { abs } from '../../src/nn/functions/arithmetic.ts';
import {
  add,
  concatenate,
  div,
  exp,
  log,
  mean,
  mul,
  neg,
  type Operand,
  permute,
  power,
  reshape,
  slice,
  sqrt,
  sub,
  sum,
  Tensor,
  transpose,
} from '../../src/nn/index.ts';
import { noise } from '../harness/close.ts';
import { gradientTest } from '../harness/gradients.ts';
import { suite, test } from '../harness/registry.ts';

/** Numbers of [low, high). */
const between = (seed: number, length: number, low: number, high: number) =>
  noise(seed, length).map((v) => low + ((v + 1) / 2) * (high - low));

suite('arithmetic', () => {
  const shapes: [a: number[], b: number[], out: number[]][] = [
    [
      [3, 5],
      [3, 5],
      [3, 5],
    ],
    [[3, 5], [5], [3, 5]],
    [
      [2, 1, 3],
      [4, 1],
      [2, 4, 3],
    ],
    [[7], [2, 3, 1], [2, 3, 7]],
    [
      [2, 8],
      [2, 1],
      [2, 8],
    ],
    [[4], [1, 3, 4], [1, 3, 4]],
    [[2, 3], [1], [2, 3]],
  ];
  const inputsOf = ([a, b]: [number[], number[], number[]]) => {
    const size = b.reduce((x, y) => x * y, 1);
    return [{ shape: a }, { shape: b, values: between(3, size, 0.5, 2) }];
  };
  for (const shape of shapes) {
    const [a, b, out] = shape;
    const [what, inputs] = [`[${a}] and [${b}]`, inputsOf(shape)];
    const pairs = (f: (a: number, b: number) => number) => (inputs: ArrayLike<number>[]) =>
      zip(f, [inputs[0], a], [inputs[1], b], out);
    gradientTest('add', what, { inputs, run: ([x, y]) => add(x, y), reference: pairs((x, y) => x + y) });
    gradientTest('sub', what, { inputs, run: ([x, y]) => sub(x, y), reference: pairs((x, y) => x - y) });
    gradientTest('mul', what, { inputs, run: ([x, y]) => mul(x, y), reference: pairs((x, y) => x * y) });
    gradientTest('div', what, { inputs, run: ([x, y]) => div(x, y), reference: pairs((x, y) => x / y) });
  }

  test('a number stands on either side', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = new Tensor(GpuArray.from(gpu, Float32Array.of(1, 2, 4), [3]));
    const results: [Operand, number[]][] = [
      [add(x, 1), [2, 3, 5]],
      [sub(1, x), [0, -1, -3]],
      [mul(2, x), [2, 4, 8]],
      [div(8, x), [8, 4, 2]],
    ];
    for (const [found, expected] of results) assert.deepEqual([...(await (found as Tensor).read())], expected);
    assert.throws(() => add(1, 2), /1 and 2 are both numbers/);
  });

  gradientTest('neg', 'any shape', {
    inputs: [{ shape: [2, 3] }],
    run: ([x]) => neg(x),
    reference: ([x]) => Float64Array.from(x, (v) => -v),
  });
  gradientTest('exp', 'both sides of 0', {
    inputs: [{ shape: [3, 7], values: noise(1, 21, 4) }],
    run: ([x]) => exp(x),
    reference: ([x]) => Float64Array.from(x, Math.exp),
  });
  gradientTest('abs', 'both sides of 0', {
    inputs: [{ shape: [3, 7], values: noise(6, 21).map((v) => v + 0.1 * Math.sign(v)) }],
    run: ([x]) => abs(x),
    reference: ([x]) => Float64Array.from(x, Math.abs),
  });
  gradientTest('log', 'both sides of 1', {
    inputs: [{ shape: [21], values: between(2, 21, 0.1, 9) }],
    run: ([x]) => log(x),
    reference: ([x]) => Float64Array.from(x, Math.log),
  });
  gradientTest('sqrt', 'both sides of 1', {
    inputs: [{ shape: [21], values: between(3, 21, 0.1, 9) }],
    run: ([x]) => sqrt(x),
    reference: ([x]) => Float64Array.from(x, Math.sqrt),
  });
  for (const exponent of [0, 1, 2, 3, -1, -2, 7]) {
    gradientTest('power', `exponent ${exponent}, of either sign`, {
      inputs: [{ shape: [3, 3], values: between(4, 9, 0.5, 1.5).map((v, i) => (i % 2 ? -v : v)) }],
      run: ([x]) => power(x, exponent),
      reference: ([x]) => Float64Array.from(x, (v) => v ** exponent),
      tolerance: { absolute: 1e-5, relative: 2e-5 },
    });
  }
  for (const exponent of [0.5, -1.5, 2.25]) {
    gradientTest('power', `exponent ${exponent}`, {
      inputs: [{ shape: [13], values: between(5, 13, 0.2, 3) }],
      run: ([x]) => power(x, exponent),
      reference: ([x]) => Float64Array.from(x, (v) => v ** exponent),
      tolerance: { absolute: 1e-5, relative: 2e-5 },
    });
  }
});

suite('axes', () => {
  const SHAPE = [2, 3, 4, 5];
  for (const [axes, keep] of [
    [[0], false],
    [[3], true],
    [[1, 2], false],
    [[0, 2], true],
    [[-1, 0], false],
    [[0, 1, 2, 3], false],
  ] as [number[], boolean][]) {
    const own = axes.map((axis) => (axis < 0 ? axis + 4 : axis));
    gradientTest('sum', `over [${axes}]${keep ? ', kept' : ''}`, {
      inputs: [{ shape: SHAPE }],
      run: ([x]) => sum(x, axes, keep),
      reference: ([x]) => sumOver(x, SHAPE, own),
    });
    const count = own.reduce((n, axis) => n * SHAPE[axis], 1);
    gradientTest('sum', `a mean over [${axes}]${keep ? ', kept' : ''}`, {
      inputs: [{ shape: SHAPE }],
      run: ([x]) => mean(x, axes, keep),
      reference: ([x]) => sumOver(x, SHAPE, own).map((v) => v / count),
    });
  }
  gradientTest('sum', 'over everything', {
    inputs: [{ shape: [3, 7] }],
    run: ([x]) => sum(x),
    reference: ([x]) => sumOver(x, [21], [0]),
  });

  test('shapes of sums, means and slices', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = new Tensor(GpuArray.zeros(gpu, [2, 3, 4]));
    assert.deepEqual(sum(x).shape, [1]);
    assert.deepEqual(sum(x, [0, 1, 2]).shape, []);
    assert.deepEqual(mean(x, [1]).shape, [2, 4]);
    assert.deepEqual(mean(x, [-1, -3], true).shape, [1, 3, 1]);
    assert.deepEqual(transpose(x).shape, [2, 4, 3]);
    assert.deepEqual(transpose(x, 0, 2).shape, [4, 3, 2]);
    assert.deepEqual(slice(x, -1, -3, -1).shape, [2, 3, 2]);
    assert.throws(() => sum(x, [3]), /\[2,3,4\] has no axis 3/);
    assert.throws(() => sum(x, [1, -2]), /\[1,1\] are not axes/);
    assert.throws(() => slice(x, 1, 2, 4), /no entries 2 … 3 along axis 1/);
    assert.throws(() => slice(x, 1, 2, 1), /no entries/);
    assert.throws(() => permute(x, [0, 1]), /no order of the 3 axes/);
    assert.throws(() => permute(x, [0, 1, 1]), /no order/);
    assert.throws(() => concatenate([x, reshape(x, [2, 4, 3])], 0), /does not go with/);
    assert.throws(() => mul(x, new Tensor(GpuArray.zeros(gpu, [3]))), /mul: \[2,3,4\] and \[3\] do not broadcast/);
  });

  gradientTest('reshape', 'to a matrix', {
    inputs: [{ shape: [2, 3, 4] }],
    run: ([x]) => reshape(x, [6, 4]),
    reference: ([x]) => x,
  });
  for (const order of [
    [1, 0, 2],
    [2, 0, 1],
    [0, 2, 1],
  ]) {
    const shape = [3, 4, 5];
    const out = order.map((n) => shape[n]);
    gradientTest('permute', `[${order}]`, {
      inputs: [{ shape }],
      run: ([x]) => permute(x, order),
      reference: ([x]) =>
        build(out, (p) =>
          at(
            x,
            shape,
            [0, 1, 2].map((axis) => p[order.indexOf(axis)]),
          ),
        ),
    });
  }
  gradientTest('permute', 'a matrix transposed', {
    inputs: [{ shape: [3, 7] }],
    run: ([x]) => transpose(x),
    reference: ([x]) => build([7, 3], ([i, j]) => x[j * 7 + i]),
  });
  for (const [axis, start, end] of [
    [0, 1, 2],
    [1, 0, 3],
    [2, 1, 5],
    [-1, -2, 5],
  ]) {
    const shape = [3, 4, 5];
    const own = axis < 0 ? axis + 3 : axis;
    const first = start < 0 ? start + shape[own] : start;
    gradientTest('slice', `${start} to ${end} of axis ${axis}`, {
      inputs: [{ shape }],
      run: ([x]) => slice(x, axis, start, end),
      reference: ([x]) => build(shape.with(own, end - first), (p) => at(x, shape, p.with(own, p[own] + first))),
    });
  }
  for (const axis of [0, 1, 2]) {
    const parts = [2, 3, 1].map((n) => [2, 3, 4].with(axis, n));
    gradientTest('concatenate', `along axis ${axis}`, {
      inputs: parts.map((shape) => ({ shape })),
      run: (inputs) => concatenate(inputs, axis),
      reference: (inputs) =>
        build([2, 3, 4].with(axis, 6), (p) => {
          const part = p[axis] < 2 ? 0 : p[axis] < 5 ? 1 : 2;
          return at(inputs[part], parts[part], p.with(axis, p[axis] - [0, 2, 5][part]));
        }),
    });
  }
});

/** x / √(mean(x²) + eps) · weight over the last axis, from the library's operations alone. */
function rmsNorm(x: Tensor, weight: Tensor, eps = 1e-6): Tensor {
  const square = mean(mul(x, x), [-1], true);
  return mul(div(x, sqrt(add(square, eps))), weight);
}

suite('composition', () => {
  gradientTest('mul', 'RMSNorm', {
    inputs: [{ shape: [2, 3, 7], values: noise(7, 42, 2) }, { shape: [7] }],
    run: ([x, weight]) => rmsNorm(x, weight),
    reference: ([x, weight]) =>
      build([6, 7], ([row, column]) => {
        const values = Array.from({ length: 7 }, (_, i) => x[row * 7 + i]);
        const rms = Math.sqrt(values.reduce((total, v) => total + v * v, 0) / 7 + 1e-6);
        return (values[column] / rms) * weight[column];
      }),
  });

  gradientTest('log', 'cross-entropy of a batch without a kernel of its own', {
    inputs: [
      { shape: [5, 3], values: noise(8, 15, 3) },
      { shape: [5, 3], values: noise(9, 15).map(Math.abs), constant: true },
    ],
    run: ([x, target]) => neg(mean(mul(target, sub(x, log(sum(exp(x), [-1], true)))))),
    reference: ([x, target]) => {
      const logs = build(
        [5, 3],
        ([i, j]) => x[3 * i + j] - Math.log([0, 1, 2].reduce((s, k) => s + Math.exp(x[3 * i + k]), 0)),
      );
      return [-logs.reduce((total, v, i) => total + v * target[i], 0) / 15];
    },
  });
});
