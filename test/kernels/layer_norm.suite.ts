import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { layerNorm, layerNormBackward } from '../../src/kernels/layer_norm.ts';
import { centralDifference } from '../../src/lab/reference/central_difference.ts';
import { layerNorm as reference } from '../../src/lab/reference/rows.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

suite('layer_norm', () => {
  // [70, 4] has more rows than one chunk of the column sums; of the last two 64 invocations share a row, some going on longer.
  for (const [variant, rows, width] of [
    ['invocation', 19, 12],
    ['invocation', 5, 7],
    ['invocation', 70, 4],
    ['workgroup', 5, 7],
    ['workgroup', 3, 259],
    ['workgroup', 2, 264],
  ] as const) {
    test(`${variant} [${rows}, ${width}]: forward and gradients`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const by = <T>(body: () => T): T => gpu.tuned({ ...gpu.tuning, rows: variant }, body);
      const x = noise(1, rows * width, 2).map((v) => v + 0.5);
      const weight = noise(2, width).map((v) => v + 1);
      const bias = noise(3, width);
      const device = GpuArray.from(gpu, x, [rows, width]);
      const deviceWeight = GpuArray.from(gpu, weight, [width]);
      const deviceBias = GpuArray.from(gpu, bias, [width]);
      const { y, mean, rstd } = by(() => layerNorm(device, deviceWeight, deviceBias));
      assertClose(await y.read(), reference(x, weight, bias, 1e-5), { absolute: 2e-6, relative: 1e-6 }, 'y');

      const grad = noise(4, rows * width);
      const deviceGrad = GpuArray.from(gpu, grad, [rows, width]);
      const both = { x: true, weight: true };
      const d = by(() => layerNormBackward(deviceGrad, device, deviceWeight, mean, rstd, both));
      assert(d.x && d.weight && d.bias);
      const dx = centralDifference((v) => reference(v, weight, bias, 1e-5), x, grad);
      assertClose(await d.x.read(), dx, { absolute: 3e-6, relative: 3e-6 }, 'dx');
      const dWeight = centralDifference((v) => reference(x, v, bias, 1e-5), weight, grad);
      assertClose(await d.weight.read(), dWeight, { absolute: 5e-6, relative: 2e-6 }, 'dweight');
      const dBias = centralDifference((v) => reference(x, weight, v, 1e-5), bias, grad);
      assertClose(await d.bias.read(), dBias, { absolute: 2e-6 }, 'dbias');
      const into = GpuArray.from(gpu, x, [rows, width]);
      const sum = by(() => layerNormBackward(deviceGrad, device, deviceWeight, mean, rstd, both, into)).x;
      assert.strictEqual(sum, into);
      const added = dx.map((v, i) => v + x[i]);
      assertClose(await into.read(), added, { absolute: 3e-6, relative: 3e-6 }, 'dx and what there was');
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

  // The variance is 0, so that 1 / √eps = 316 times whatever the mean is off by stands in the result.
  for (const width of [1024, 1023, 4, 1]) {
    test(`rows of one value of width ${width}: 0, and the gradient of float64`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const values = [1000.1, -37.7, 1e-3, 65_537.3].map(Math.fround);
      const rows = values.length;
      const x = Float32Array.from({ length: rows * width }, (_, i) => values[Math.floor(i / width)]);
      const ones = new Float32Array(width).fill(1);
      const device = GpuArray.from(gpu, x, [rows, width]);
      const weight = GpuArray.from(gpu, ones, [width]);
      const { y, mean, rstd } = layerNorm(device, weight, GpuArray.from(gpu, new Float32Array(width), [width]));
      const off = await y.read();
      // The largest row is spaced by 0.008; torch's float32 leaves 2e-5 of the first one at width 1024.
      assertClose(off.subarray(0, 3 * width), new Float32Array(3 * width), { absolute: 1e-5 }, 'y');
      assertClose(off.subarray(3 * width), new Float32Array(width), { absolute: 1e-3 }, 'y of 65537.3');
      const grad = noise(6, rows * width);
      const d = layerNormBackward(GpuArray.from(gpu, grad, [rows, width]), device, weight, mean, rstd, {
        x: true,
        weight: true,
      });
      // n = 0 everywhere, so dx = (g − mean(g)) / √eps and the weight has no gradient.
      const expected = Float64Array.from(grad, (g, i) => {
        const row = grad.subarray(i - (i % width), i - (i % width) + width);
        return (g - row.reduce((sum, v) => sum + v, 0) / width) / Math.sqrt(1e-5);
      });
      assertClose(await d.x!.read(), expected, { absolute: 2e-4, relative: 2e-6 }, 'dx');
      assertClose(await d.weight!.read(), new Float32Array(width), { absolute: 2e-3 }, 'dweight');
    });
  }
});
