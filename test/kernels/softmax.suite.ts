import { GpuArray } from '../../src/gpu/array.ts';
import { softmax, softmaxBackward } from '../../src/kernels/softmax.ts';
import { centralDifference } from '../../src/lab/reference/central_difference.ts';
import { softmax as reference } from '../../src/lab/reference/rows.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

suite('softmax', () => {
  for (const [variant, rows, width] of [
    ['invocation', 21, 2],
    ['invocation', 5, 1],
    ['invocation', 19, 3],
    ['invocation', 3, 70],
    ['workgroup', 19, 3],
    ['workgroup', 2, 333],
  ] as const) {
    test(`${variant} [${rows}, ${width}]: forward and gradient`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const by = <T>(body: () => T): T => gpu.tuned({ ...gpu.tuning, rows: variant }, body);
      const x = noise(1, rows * width, 10);
      const y = by(() => softmax(GpuArray.from(gpu, x, [rows, width])));
      // exp on software adapters is off by up to |x| · 1e-7 of its value.
      assertClose(await y.read(), reference(x, width), { absolute: 1e-9, relative: 3e-6 }, 'y');
      const grad = noise(2, rows * width);
      const d = by(() => softmaxBackward(GpuArray.from(gpu, grad, [rows, width]), y));
      const expected = centralDifference((v) => reference(v, width), x, grad);
      assertClose(await d.read(), expected, { absolute: 5e-7, relative: 2e-6 }, 'dx');
    });
  }

  test('logits as far apart as 100 · cosine can be', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = new Float32Array([100, -100, -100, 100, -30, -30, 3e4, 3e4 + 1]);
    const y = await softmax(GpuArray.from(gpu, x, [4, 2])).read();
    assertClose(y, [1, 0, 0, 1, 0.5, 0.5, 1 / (1 + Math.E), 1 / (1 + 1 / Math.E)], { absolute: 1e-7 });
    const wide = new Float32Array([-3e4, 0, 3e4, 3e4, 88, -88]);
    const z = await softmax(GpuArray.from(gpu, wide, [2, 3])).read();
    assertClose(z, [0, 0, 1, 1, 0, 0], {});
  });

  for (const [variant, widths] of [
    ['invocation', [3, 5, 6, 7, 9]],
    ['workgroup', [3, 7, 9, 130]],
  ] as const) {
    test(`${variant}: the largest may stand anywhere in a row`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      // e^200 is no float32: whoever overlooks the largest gets an infinity.
      for (const width of widths) {
        const x = Float32Array.from({ length: width * width }, (_, i) => (i % (width + 1) === 0 ? 200 : 0));
        const expected = x.map((v) => (v > 0 ? 1 : 0));
        const array = GpuArray.from(gpu, x, [width, width]);
        const y = gpu.tuned({ ...gpu.tuning, rows: variant }, () => softmax(array));
        assertClose(await y.read(), expected, { absolute: 1e-7 }, `${width}`);
      }
    });
  }

  test('a row of 79,999, near the end of the loop budget', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = noise(3, 79_999, 3);
    const y = softmax(GpuArray.from(gpu, x, [1, x.length]));
    const expected = reference(x, x.length);
    assertClose(await y.read(), expected, { relative: 3e-6 });
    const grad = noise(4, x.length);
    const along = expected.reduce((sum, p, i) => sum + p * grad[i], 0);
    const d = await softmaxBackward(GpuArray.from(gpu, grad, [1, x.length]), y).read();
    assertClose(
      d,
      expected.map((p, i) => p * (grad[i] - along)),
      { absolute: 1e-10, relative: 5e-6 },
    );
  });
});
