import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { activation, activationBackward } from '../../src/kernels/activation.ts';
import type { GoldenCase } from '../golden/cases/golden.ts';
import { acrossKinks } from '../golden/cases/kinks.ts';
import { suite, test } from '../harness/registry.ts';

const REACH = 2e-6;

/** The gradient of Σ leaky(x) against `expected`, after a search across kinks. */
async function compared(gpu: Gpu, x: readonly number[], expected: readonly number[]): Promise<GoldenCase[]> {
  const attempt = async function* (): AsyncGenerator<GoldenCase> {
    using _scope = gpu.scope();
    const y = activation(GpuArray.from(gpu, Float32Array.from(x), [x.length]), 'leaky_relu');
    const ones = GpuArray.from(
      gpu,
      Float32Array.from(x, () => 1),
      [x.length],
    );
    const gradient = await activationBackward(ones, y, 'leaky_relu').read();
    yield { name: 'gradient', ratio: Math.max(...gradient.map((g, i) => Math.abs(g - expected[i]) / 1e-6)) };
  };
  const cases: GoldenCase[] = [];
  for await (const one of acrossKinks(gpu, REACH, attempt)) cases.push(one);
  return cases;
}

suite('golden comparison across kinks', () => {
  test('agrees when inputs that are zero up to rounding fell on the other side', async (t) => {
    const [one] = await compared(await t.gpu(), [1, -1.5e-7, 4e-7, -1], [1, 1, 0.01, 0.01]);
    assert.isAtMost(one.ratio, 1);
    assert.match(one.name, /^gradient \(990000\.0 with rectifier input .* on its own side\)$/);
  });

  test('crosses an input that is exactly zero', async (t) => {
    const [{ ratio }] = await compared(await t.gpu(), [1, 0, 2, -1], [1, 1, 1, 0.01]);
    assert.isAtMost(ratio, 1);
  });

  test('fails when an input is further from zero than rounding', async (t) => {
    const [one] = await compared(await t.gpu(), [1, -1e-5, 4e-7, -1], [1, 1, 1, 0.01]);
    assert.isAbove(one.ratio, 1);
    assert.equal(one.name, 'gradient');
  });

  test('fails when the gradient is wrong beside a kink', async (t) => {
    const [{ ratio }] = await compared(await t.gpu(), [1, -1.5e-7, 2, -1], [1, 1, 1, 0.02]);
    assert.isAbove(ratio, 1);
  });

  test('leaves a comparison that passes as it is, and the device as it was', async (t) => {
    const gpu = await t.gpu();
    const [one] = await compared(gpu, [1, -1.5e-7, 2, -1], [1, 0.01, 1, 0.01]);
    assert.deepEqual([one.ratio <= 1, one.name], [true, 'gradient']);
    await compared(gpu, [1, -1, 2, -1], [0, 0, 0, 0]);
    assert.isFalse(Object.hasOwn(gpu, 'run'));
  });
});
