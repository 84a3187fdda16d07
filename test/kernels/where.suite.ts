import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { binary } from '../../src/kernels/binary.ts';
import { where as kernel } from '../../src/kernels/where.ts';
import { at, build } from '../../src/lab/reference/arrays.ts';
import { where } from '../../src/nn/functions/arithmetic.ts';
import { Tensor } from '../../src/nn/index.ts';
import { noise } from '../harness/close.ts';
import { gradientTest } from '../harness/gradients.ts';
import { suite, test } from '../harness/registry.ts';

suite('where', () => {
  const shapes: [condition: number[], a: number[], b: number[], out: number[]][] = [
    [
      [3, 7],
      [3, 7],
      [3, 7],
      [3, 7],
    ],
    [[7], [3, 1], [3, 7], [3, 7]],
    [[2, 1, 3], [3], [2, 5, 1], [2, 5, 3]],
    [[2, 1, 3, 1], [1, 2, 1, 5], [1], [2, 2, 3, 5]],
  ];
  for (const [condition, a, b, out] of shapes) {
    const size = condition.reduce((x, y) => x * y, 1);
    // Any number but 0 chooses the first.
    const mask = noise(3, size).map((v, i) => (v > 0 ? [1, -2, 0.5][i % 3] : 0));
    gradientTest('where', `[${condition}], [${a}] and [${b}]`, {
      inputs: [{ shape: a }, { shape: b }],
      run: ([x, y], gpu) => where(GpuArray.from(gpu, mask, condition), x, y),
      reference: ([x, y]) => build(out, (p) => (at(mask, condition, p) ? at(x, a, p) : at(y, b, p))),
    });
  }

  test('what is not chosen does not count, and a comparison is a condition', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = new Tensor(GpuArray.from(gpu, Float32Array.of(-2, 0, 3), [3]));
    const positive = binary('greater', x.value, GpuArray.zeros(gpu, [1]));
    assert.deepEqual([...(await where(positive, x, 0).read())], [0, 0, 3]);
    const far = new Tensor(GpuArray.from(gpu, Float32Array.of(Infinity, 1, Infinity), [3]));
    assert.deepEqual([...(await where(positive, x, far).read())].slice(1), [1, 3]);
    assert.throws(() => kernel(x.value, GpuArray.zeros(gpu, [2]), x.value), /where: \[3\] and \[2\] and \[3\] do not/);
  });
});
