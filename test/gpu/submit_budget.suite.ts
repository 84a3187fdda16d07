import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { Gpu } from '../../src/gpu/gpu.ts';
import { SubmitBudget } from '../../src/gpu/submit_budget.ts';
import { matmulWith } from '../../src/kernels/matmul.ts';
import { noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

/** Operations that an adapter of class lavapipe is taken to do in a second before it is measured. */
const SECOND = 1e10;

/** Submits one second's worth of work that in truth takes `seconds`. */
function measure(budget: SubmitBudget, start: number, seconds: number): void {
  budget.add(SECOND, 0);
  budget.submitted(start);
  budget.watch()(start + seconds);
}

suite('submit budget', () => {
  test('is full before the command that would exceed half of it', () => {
    const budget = new SubmitBudget('lavapipe', 0.5);
    assert.isFalse(budget.isFullBefore(SECOND, 0), 'a command alone is always taken');
    budget.add(0.15 * SECOND, 0);
    assert.isFalse(budget.isFullBefore(0.09 * SECOND, 0));
    assert.isTrue(budget.isFullBefore(0.11 * SECOND, 0));
    assert.isTrue(budget.isFullBefore(0, 1e9), 'bytes count too');
    budget.submitted(0);
    assert.isFalse(budget.isFullBefore(0.11 * SECOND, 0));
  });

  test('adapts to the adapter', () => {
    const budget = new SubmitBudget('lavapipe', 0.5);
    assert.equal(budget.pieces(SECOND), 4);
    measure(budget, 10, 8);
    assert.equal(budget.pieces(SECOND), 32);
    // The host paused, or the machine was busy: the shortest of the last times is believed.
    measure(budget, 20, 2);
    measure(budget, 30, 60);
    assert.equal(budget.pieces(SECOND), 8);
    for (let i = 0; i < 4; i++) measure(budget, 100 + 10 * i, 4);
    assert.equal(budget.pieces(SECOND), 16);
  });

  test('work that is submitted while other work runs is timed from the end of that', () => {
    const budget = new SubmitBudget('lavapipe', 0.5);
    budget.add(SECOND, 0);
    budget.submitted(0);
    const first = budget.watch();
    budget.add(SECOND, 0);
    budget.submitted(0.1);
    const second = budget.watch();
    first(2);
    second(4);
    assert.closeTo(budget.slowness, 2, 1e-3);
  });

  test('a wait too short to tell anything changes nothing', () => {
    const budget = new SubmitBudget('hardware', 0.5);
    measure(budget, 0, 0.01);
    assert.equal(budget.slowness, 1);
  });

  test('a long product is split between submits and keeps its bits', async (t) => {
    const whole = await t.gpu();
    const small = await Gpu.create(await t.host.gpu(), { submitSeconds: 1e-6 });
    const [m, k, n] = [300, 64, 48];
    for (const rung of ['reference', 'registers', 'workgroup'] as const) {
      for (const transposeA of [false, true]) {
        const run = async (gpu: Gpu) => {
          using _scope = gpu.scope();
          const a = GpuArray.from(gpu, noise(1, m * k), transposeA ? [k, m] : [m, k]);
          const b = GpuArray.from(gpu, noise(2, k * n), [k, n]);
          const bias = GpuArray.from(gpu, noise(3, n), [n]);
          const residual = GpuArray.from(gpu, noise(4, m * n), [m, n]);
          const before = gpu.submits;
          const out = await matmulWith(rung, a, b, { transposeA, bias, residual, act: 'gelu' }).read();
          return { out, submits: gpu.submits - before };
        };
        const [one, many] = [await run(whole), await run(small)];
        assert.equal(one.submits, 1);
        assert.equal(many.submits, Math.ceil(m / 64));
        assert.deepEqual(many.out, one.out);
      }
    }
    small.destroy();
  });
});
