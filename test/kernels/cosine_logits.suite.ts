import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { cosineLogits, cosineLogitsBackward } from '../../src/kernels/cosine_logits.ts';
import { cosineLogitsGradientReference, cosineLogitsReference } from '../../src/lab/reference/cosine_logits.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

suite('cosine_logits', () => {
  for (const [variant, ...size] of [
    ['invocation', 37, 2, 96],
    ['invocation', 5, 3, 7],
    ['workgroup', 5, 3, 7],
    ['workgroup', 3, 2, 645],
  ] as const) {
    test(`${variant}: forward and gradient at ${size.join('×')}`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const by = <T>(body: () => T): T => gpu.tuned({ ...gpu.tuning, rows: variant }, body);
      const [rows, classes, width] = size;
      const [f, g] = [noise(50, rows * width, 3), noise(51, rows * classes)];
      const text = noise(52, classes * width, Math.sqrt(3 / width));
      const [fArray, tArray] = [GpuArray.from(gpu, f, [rows, width]), GpuArray.from(gpu, text, [classes, width])];
      const grad = GpuArray.from(gpu, g, [rows, classes]);
      const { logits, inverseNorm } = by(() => cosineLogits(fArray, tArray, 100));
      // f32 sums of `width` products, times a temperature of 100.
      assertClose(await logits.read(), cosineLogitsReference(f, text, size, 100), { absolute: 5e-5 }, 'logits');
      const both = { f: true, t: true };
      const d = by(() => cosineLogitsBackward(grad, fArray, tArray, inverseNorm, 100, both));
      const want = cosineLogitsGradientReference(g, f, text, size, 100);
      assertClose(await d.f!.read(), want.f, { absolute: 1e-5, relative: 1e-5 }, 'd f');
      assertClose(await d.t!.read(), want.t, { absolute: 1e-4, relative: 1e-5 }, 'd t');
    });
  }

  test('a norm below 1e-12 counts as the constant 1e-12', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const size = [2, 2, 8] as const;
    const f = new Float32Array(16).fill(1e-13, 8);
    const [text, g] = [noise(53, 16), noise(54, 4)];
    const [fArray, tArray] = [GpuArray.from(gpu, f, [2, 8]), GpuArray.from(gpu, text, [2, 8])];
    const { logits, inverseNorm } = cosineLogits(fArray, tArray, 2);
    assertClose(await logits.read(), cosineLogitsReference(f, text, size, 2), { absolute: 1e-6 }, 'logits');
    const d = cosineLogitsBackward(GpuArray.from(gpu, g, [2, 2]), fArray, tArray, inverseNorm, 2, {
      f: true,
      t: false,
    });
    assert.isNull(d.t);
    const want = cosineLogitsGradientReference(g, f, text, size, 2);
    assertClose(await d.f!.read(), want.f, { relative: 1e-5 }, 'd f');
  });

  for (const width of [4, 64]) {
    test(`behind a ReLU no gradient passes where it gave zero, at a width of ${width}`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      // One class along the second half of a row, which the row has nothing of: 2 · g · t / |f| there, nothing elsewhere.
      const half = width / 2;
      const f = Float32Array.from({ length: width }, (_, i) => (i < half ? 1 : 0));
      const text = Float32Array.from({ length: width }, (_, i) => (i < half ? 0 : 1 / Math.sqrt(half)));
      const [fArray, tArray] = [GpuArray.from(gpu, f, [1, width]), GpuArray.from(gpu, text, [1, width])];
      const { inverseNorm } = cosineLogits(fArray, tArray, 2);
      const grad = GpuArray.from(gpu, Float32Array.of(3), [1, 1]);
      const need = { f: true, t: false };
      const d = (relu: boolean) => cosineLogitsBackward(grad, fArray, tArray, inverseNorm, 2, need, relu).f!.read();
      assertClose(
        await d(false),
        text.map((x) => (2 * 3 * x) / Math.sqrt(half)),
        { absolute: 1e-5 },
        'plain',
      );
      assert.deepEqual([...(await d(true))], new Array(width).fill(0));
    });
  }
});
