import { GpuArray } from '../../src/gpu/array.ts';
import { type UnaryKind, unary } from '../../src/kernels/unary.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

/** Far from 1 in both directions, and more than one workgroup with a last vec4 in part. */
const POSITIVE = noise(1, 1031).map((v) => 10 ** (4 * v));

suite('unary', () => {
  const kinds: [UnaryKind, Float32Array<ArrayBuffer>, (v: number) => number, relative: number][] = [
    // exp on software adapters is off by up to |x| · 1e-7 of its value.
    ['exp', noise(2, 1031, 30), Math.exp, 4e-6],
    ['log', POSITIVE, Math.log, 2e-6],
    ['sqrt', POSITIVE, Math.sqrt, 3e-7],
    ['abs', noise(3, 1031), Math.abs, 0],
  ];
  for (const [kind, x, f, relative] of kinds) {
    test(`${kind}`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const y = await unary(kind, GpuArray.from(gpu, x, [x.length])).read();
      // Near 1 a logarithm has no digits of its own.
      assertClose(y, x.map(f), { absolute: kind === 'log' ? 3e-7 : 0, relative });
    });
  }

  for (const exponent of [0, 1, 2, 3, 10, 64, -1, -5, 65, 0.5, -0.3]) {
    test(`power ${exponent}`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const negative = Number.isInteger(exponent) && Math.abs(exponent) <= 64;
      const x = noise(4, 101).map((v, i) => (1 + 0.3 * v) * (negative && i % 2 === 1 ? -1 : 1));
      const y = await unary('power', GpuArray.from(gpu, x, [x.length]), exponent).read();
      const relative = 1e-6 + Math.abs(exponent) * 2e-7;
      assertClose(
        y,
        Float64Array.from(x, (v) => v ** exponent),
        { relative },
      );
    });
  }
});
