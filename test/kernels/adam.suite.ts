import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { adamStep, packSchedule } from '../../src/kernels/adam.ts';
import { addInto } from '../../src/kernels/elementwise.ts';
import { adam as reference } from '../../src/lab/reference/adam.ts';
import { Adam, Parameter } from '../../src/nn/index.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

const SIZE = 37;

suite('adam', () => {
  for (const settings of [
    { lr: 1e-3, betas: [0.5, 0.999] as const, eps: 1e-8, weightDecay: 0, clip: 1 },
    { lr: 1e-2, betas: [0.9, 0.999] as const, eps: 1e-8, weightDecay: 0.05, clip: 0.3 },
  ]) {
    test(`six steps with β₁ ${settings.betas[0]}, weight decay ${settings.weightDecay}`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const start = noise(1, SIZE);
      const param = GpuArray.from(gpu, start, [SIZE]);
      const state = { exp_avg: GpuArray.zeros(gpu, [SIZE]), exp_avg_sq: GpuArray.zeros(gpu, [SIZE]) };
      const schedule = GpuArray.empty(gpu, [8]);
      const expected = {
        param: Float64Array.from(start),
        m: new Float64Array(SIZE),
        v: new Float64Array(SIZE),
      };
      for (let step = 1; step <= 6; step++) {
        // Gradients from 1e-7 to 1: Adam's step hardly depends on their size.
        const grad = noise(1 + step, SIZE).map((v, i) => v * 10 ** -(i % 8));
        schedule.write(packSchedule({ ...settings, step }));
        adamStep(param, GpuArray.from(gpu, grad, [SIZE]), state, schedule);
        reference(expected, grad, { ...settings, step });
      }
      // Each step moves by about lr: its own rounding, and six roundings of a parameter near 1.
      assertClose(await param.read(), expected.param, { absolute: 2e-6 * settings.lr, relative: 3e-7 }, 'param');
      assertClose(await state.exp_avg.read(), expected.m, { absolute: 1e-13, relative: 2e-6 }, 'exp_avg');
      assertClose(await state.exp_avg_sq.read(), expected.v, { absolute: 1e-20, relative: 1e-6 }, 'exp_avg_sq');
    });
  }

  test('a parameter that is a view leaves its neighbour alone', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const whole = GpuArray.from(gpu, new Float32Array(8).fill(1), [8]);
    const param = new GpuArray(gpu, whole.buffer, [5], 'f32');
    const state = { exp_avg: GpuArray.zeros(gpu, [5]), exp_avg_sq: GpuArray.zeros(gpu, [5]) };
    const settings = { lr: 0.25, betas: [0.9, 0.999] as const, eps: 0, weightDecay: 0, step: 1, clip: 1 };
    const schedule = GpuArray.from(gpu, packSchedule(settings), [8]);
    adamStep(param, GpuArray.from(gpu, new Float32Array(5).fill(3), [5]), state, schedule);
    assertClose(await whole.read(), [0.75, 0.75, 0.75, 0.75, 0.75, 1, 1, 1], { relative: 1e-6 });
  });

  test('a clipped step: gradients over the bound together are shortened, those below it are not', async (t) => {
    const gpu = await t.gpu();
    // ε = 1 keeps the size of a gradient in its step: g / (|g| + 1).
    for (const [most, lrScale, moved] of [
      [1, 1, [(2 * 0.6) / 1.6, (2 * 0.8) / 1.8]],
      [10, 0.5, [3 / 4, 4 / 5]],
    ] as const) {
      const parameters = [3, 4].map((_, i) => new Parameter(`p${i}`, GpuArray.from(gpu, Float32Array.of(0), [1])));
      const adam = new Adam(parameters.map((p) => ({ parameters: [p], lr: 2, eps: 1 })));
      using _scope = gpu.scope();
      for (const [i, p] of parameters.entries()) p.accumulate(GpuArray.from(gpu, Float32Array.of(3 + i), [1]), addInto);
      assertClose(await adam.stepClipped(lrScale, most).read(), [5], { relative: 1e-6 }, 'norm');
      assert.equal(adam.steps, 1);
      const values = await Promise.all(parameters.map(async ({ value }) => -(await value.read())[0]));
      assertClose(values, moved, { relative: 2e-6 }, `most ${most}`);
      adam.release();
      for (const p of parameters) p.release();
    }
  });

  test('steps are counted from 1', () => {
    const settings = { lr: 1, betas: [0.9, 0.999] as const, eps: 1e-8, weightDecay: 0, clip: 1 };
    assert.throws(() => packSchedule({ ...settings, step: 0 }), /counted from 1/);
  });
});
