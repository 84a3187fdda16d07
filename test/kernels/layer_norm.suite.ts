import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { layerNorm, layerNormBackward } from '../../src/kernels/layer_norm.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';
import { centralDifference } from '../reference/central_difference.ts';
import { layerNorm as reference } from '../reference/rows.ts';

suite('layer_norm', () => {
  // The last has more rows than one chunk of the column sums.
  for (const [rows, width] of [
    [19, 12],
    [5, 7],
    [70, 4],
  ] as const) {
    test(`[${rows}, ${width}]: forward and gradients`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const x = noise(1, rows * width, 2).map((v) => v + 0.5);
      const weight = noise(2, width).map((v) => v + 1);
      const bias = noise(3, width);
      const device = GpuArray.from(gpu, x, [rows, width]);
      const deviceWeight = GpuArray.from(gpu, weight, [width]);
      const { y, mean, rstd } = layerNorm(device, deviceWeight, GpuArray.from(gpu, bias, [width]));
      assertClose(await y.read(), reference(x, weight, bias, 1e-5), { absolute: 2e-6, relative: 1e-6 }, 'y');

      const grad = noise(4, rows * width);
      const deviceGrad = GpuArray.from(gpu, grad, [rows, width]);
      const d = layerNormBackward(deviceGrad, device, deviceWeight, mean, rstd, { x: true, weight: true });
      assert(d.x && d.weight && d.bias);
      const dx = centralDifference((v) => reference(v, weight, bias, 1e-5), x, grad);
      assertClose(await d.x.read(), dx, { absolute: 3e-6, relative: 3e-6 }, 'dx');
      const dWeight = centralDifference((v) => reference(x, v, bias, 1e-5), weight, grad);
      assertClose(await d.weight.read(), dWeight, { absolute: 5e-6, relative: 2e-6 }, 'dweight');
      const dBias = centralDifference((v) => reference(x, weight, v, 1e-5), bias, grad);
      assertClose(await d.bias.read(), dBias, { absolute: 2e-6 }, 'dbias');
      const none = layerNormBackward(deviceGrad, device, deviceWeight, mean, rstd, { x: false, weight: false });
      assert.deepEqual(none, { x: null, weight: null, bias: null });
    });
  }

  test('a large offset does not cost the variance its digits', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const width = 1024;
    const x = noise(5, 2 * width).map((v) => v + 1000);
    const ones = new Float32Array(width).fill(1);
    const zeros = new Float32Array(width);
    const { y } = layerNorm(
      GpuArray.from(gpu, x, [2, width]),
      GpuArray.from(gpu, ones, [width]),
      GpuArray.from(gpu, zeros, [width]),
    );
    // The inputs themselves are spaced by 6e-5.
    assertClose(await y.read(), reference(x, ones, zeros, 1e-5), { absolute: 3e-4 });
  });
});
