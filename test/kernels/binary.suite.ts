import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { type BinaryKind, binary, binaryWith } from '../../src/kernels/binary.ts';
import { broadcastShape, joinAxes } from '../../src/kernels/broadcast.ts';
import { zip } from '../../src/lab/reference/arrays.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

const KINDS: Readonly<Record<BinaryKind, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  signed: (a, b) => a * Math.sign(b),
  greater: (a, b) => Number(a > b),
};

suite('binary', () => {
  for (const [kind, f] of Object.entries(KINDS) as [BinaryKind, (a: number, b: number) => number][]) {
    test(`${kind}: both variants, times a factor`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const shape = [3, 5, 4];
      const [a, b] = [noise(1, 60), noise(2, 20)];
      // Zero has no sign, and nothing is greater than itself.
      b[3] = 0;
      a[7] = b[7];
      const [x, y] = [GpuArray.from(gpu, a, shape), GpuArray.from(gpu, b, [5, 4])];
      const expected = zip(f, [a, shape], [b, [5, 4]], shape).map((v) => 2.5 * v);
      const safe = kind === 'div' ? expected.map((v) => (Number.isFinite(v) ? v : 0)) : expected;
      for (const variant of ['any', 'vec4'] as const) {
        const out = await binaryWith(variant, kind, x, y, 2.5).read();
        const found = out.map((v, i) => (b[i % 20] === 0 && kind === 'div' ? 0 : v));
        assertClose(found, safe, { absolute: 1e-7, relative: 5e-7 }, variant);
      }
    });
  }

  const shapes: [a: number[], b: number[], out: number[]][] = [
    [
      [3, 5, 7],
      [3, 5, 7],
      [3, 5, 7],
    ],
    [[3, 5, 7], [7], [3, 5, 7]],
    [[8], [3, 2, 8], [3, 2, 8]],
    [
      [4, 1],
      [1, 12],
      [4, 12],
    ],
    [
      [1, 4, 3],
      [4, 3],
      [1, 4, 3],
    ],
    [
      [2, 4, 4],
      [2, 1, 4],
      [2, 4, 4],
    ],
    [[], [5], [5]],
    [
      [2, 1, 3, 1, 5],
      [1, 2, 1, 3, 1],
      [2, 2, 3, 3, 5],
    ],
  ];
  for (const [a, b, out] of shapes) {
    test(`[${a}] − [${b}]`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const [x, y] = [a, b].map((shape, i) =>
        noise(
          3 + i,
          shape.reduce((n, m) => n * m, 1),
        ),
      );
      const found = binary('sub', GpuArray.from(gpu, x, a), GpuArray.from(gpu, y, b));
      assert.deepEqual(found.shape, out);
      assertClose(await found.read(), zip(KINDS.sub, [x, a], [y, b], out), { absolute: 1e-7 });
    });
  }

  test('axes are joined where both operands go on, and refused where six are left', async (t) => {
    assert.deepEqual(joinAxes('x', [2, 3, 4], [[12, 4, 1]], 1), { extents: [24], strides: [[1]] });
    const both = joinAxes(
      'x',
      [2, 3, 4],
      [
        [12, 4, 1],
        [0, 4, 1],
      ],
      3,
    );
    assert.deepEqual(both, {
      extents: [2, 12],
      strides: [
        [12, 1],
        [0, 1],
      ],
    });
    assert.deepEqual(joinAxes('x', [1, 1], [[1, 1]], 1), { extents: [1], strides: [[0]] });
    assert.deepEqual(broadcastShape('x', [3, 1], [], [1, 1, 4]), [1, 3, 4]);
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const a = GpuArray.zeros(gpu, [2, 1, 2, 1, 2, 1]);
    const b = GpuArray.zeros(gpu, [1, 2, 1, 2, 1, 2]);
    assert.throws(() => binary('add', a, b), /6 axes that are no runs of each other, at most 5/);
    assert.throws(() => binary('mul', b, GpuArray.zeros(gpu, [3])), /do not broadcast/);
    assert.throws(() => binary('mul', a, GpuArray.zeros(gpu, [2], 'u32')), /must be f32/);
    assert.equal(binary('add', GpuArray.zeros(gpu, [0, 3]), GpuArray.zeros(gpu, [3])).size, 0);
  });
});
