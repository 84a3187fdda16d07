import { GpuArray } from '../../src/gpu/array.ts';
import { type ActivationKind, activation, activationBackward } from '../../src/kernels/activation.ts';
import { activation as reference } from '../../src/lab/reference/activation.ts';
import { centralDifference } from '../../src/lab/reference/central_difference.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

const KINDS: readonly ActivationKind[] = ['relu', 'leaky_relu', 'gelu', 'quickgelu'];
/** No multiple of four elements, so the last vec4 is partly padding. */
const SHAPE = [7, 43];

suite('activation', () => {
  for (const kind of KINDS) {
    test(`${kind} equals the float64 reference`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const x = noise(1, 301, 7);
      x.set([0, -0, 100, -100, 1e-30, -12.5, 6.001]);
      const y = await activation(GpuArray.from(gpu, x, SHAPE), kind).read();
      assertClose(y, reference(x, kind), { absolute: 5e-7, relative: 1e-7 });
      // Small inputs: the error shrinks with x.
      const small = x.map((v) => v * 1e-3);
      const near = await activation(GpuArray.from(gpu, small, SHAPE), kind).read();
      assertClose(near, reference(small, kind), { absolute: 1e-12, relative: 3e-7 });
    });

    test(`the gradient of ${kind} equals central differences`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      // Away from the kinks at 0.
      const x = noise(2, 301, 4).map((v) => (kind.endsWith('relu') && Math.abs(v) < 0.01 ? 0.5 : v));
      const grad = noise(3, 301);
      const expected = centralDifference((v) => reference(v, kind), x, grad);
      const d = activationBackward(GpuArray.from(gpu, grad, SHAPE), GpuArray.from(gpu, x, SHAPE), kind);
      assertClose(await d.read(), expected, { absolute: 1e-6, relative: 1e-6 });
    });
  }

  for (const kind of ['relu', 'leaky_relu'] as const) {
    test(`${kind} may be given its output in the backward`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const x = GpuArray.from(gpu, noise(4, 301), SHAPE);
      const grad = GpuArray.from(gpu, noise(5, 301), SHAPE);
      const fromInput = await activationBackward(grad, x, kind).read();
      const fromOutput = await activationBackward(grad, activation(x, kind), kind).read();
      assertClose(fromOutput, fromInput, {});
    });
  }
});
