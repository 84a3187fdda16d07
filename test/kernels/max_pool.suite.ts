import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { maxPool } from '../../src/kernels/max_pool.ts';
import { type ConvolutionShape, maxPoolReference, placesOf } from '../../src/lab/reference/convolution.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

const SHAPES: readonly ConvolutionShape[] = [
  { batch: 2, height: 9, width: 7, channels: 5, side: 3, stride: 2, pad: 1 },
  { batch: 1, height: 4, width: 5, channels: 3, side: 2, stride: 1, pad: 0 },
];

suite('max_pool', () => {
  test('odd sizes; padding never wins, not even over negative numbers', async (t) => {
    const gpu = await t.gpu();
    for (const [i, shape] of SHAPES.entries()) {
      using _scope = gpu.scope();
      const { batch, height, width, channels } = shape;
      const x = noise(i, batch * height * width * channels).map((value) => value - 2);
      const y = maxPool(GpuArray.from(gpu, x, [batch, height, width, channels]), shape);
      assert.deepEqual(y.shape, [batch, ...placesOf(shape), channels]);
      assertClose(await y.read(), maxPoolReference(x, shape), {});
    }
  });

  test('windows that do not fit, or have more places than an adapter may go through, are refused', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = GpuArray.zeros(gpu, [1, 4, 3, 1]);
    assert.throws(() => maxPool(x, { side: 4, stride: 1 }), 'no window of 4 fits into [1,4,3,1]');
    assert.deepEqual(maxPool(x, { side: 3, stride: 1 }).shape, [1, 2, 1, 1]);
    assert.throws(() => maxPool(x, { side: 201, stride: 1, pad: 100 }), 'max_pool: side of 201, at most 200');
  });
});
