import { GpuArray } from '../../src/gpu/array.ts';
import { l2Normalize, l2NormalizeBackward } from '../../src/kernels/l2_normalize.ts';
import { centralDifference } from '../../src/lab/reference/central_difference.ts';
import { l2Normalize as reference } from '../../src/lab/reference/rows.ts';
import { l2Normalize as normalised, Tensor } from '../../src/nn/index.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

suite('l2_normalize', () => {
  for (const [variant, rows, width] of [
    ['invocation', 19, 12],
    ['invocation', 19, 7],
    ['workgroup', 19, 7],
    ['workgroup', 3, 264],
  ] as const) {
    // With an eps this large the first row is shorter than eps and is divided by a constant.
    for (const eps of [1e-12, 0.5]) {
      test(`${variant} width ${width}, eps ${eps}: forward and gradient`, async (t) => {
        const gpu = await t.gpu();
        using _scope = gpu.scope();
        const by = <T>(body: () => T): T => gpu.tuned({ ...gpu.tuning, rows: variant }, body);
        const x = noise(1, rows * width, 3);
        for (let i = 0; i < width; i++) x[i] *= 0.02;
        const { y, inverseNorm } = by(() => l2Normalize(GpuArray.from(gpu, x, [rows, width]), eps));
        assertClose(await y.read(), reference(x, width, eps), { absolute: 1e-9, relative: 4e-7 }, 'y');
        const grad = noise(2, rows * width);
        const expected = centralDifference((v) => reference(v, width, eps), x, grad, 1e-4);
        const d = by(() => l2NormalizeBackward(GpuArray.from(gpu, grad, [rows, width]), y, inverseNorm, eps));
        assertClose(await d.read(), expected, { absolute: 2e-6, relative: 2e-6 }, 'dx');
      });
    }
  }

  test('a short row is as long as any in a model', async (t) => {
    using _scope = (await t.gpu()).scope();
    const x = new Tensor(GpuArray.from(await t.gpu(), Float32Array.of(3e-4, -4e-4), [1, 2]));
    assertClose(await normalised(x).value.read(), [0.6, -0.8], { relative: 1e-6 });
  });

  test('a row of zeros stays zero', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const { y, inverseNorm } = l2Normalize(GpuArray.zeros(gpu, [2, 8]));
    assertClose(await y.read(), new Float32Array(16), {});
    const grad = noise(3, 16);
    const d = l2NormalizeBackward(GpuArray.from(gpu, grad, [2, 8]), y, inverseNorm);
    assertClose(
      await d.read(),
      grad.map((g) => g * 1e12),
      { relative: 3e-7 },
    );
  });
});
