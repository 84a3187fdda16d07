import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { guidedUpsample, guidedUpsampleWith, MOST_RADIUS } from '../../src/kernels/guided_upsample.ts';
import { guidedUpsample as reference } from '../../src/lab/reference/maps.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

type Shape = readonly [batch: number, height: number, width: number];

/** Pictures smaller and larger than the window, no multiple of a workgroup, and a window larger than the picture. */
const CASES: readonly (readonly [Shape, { radius: number; space: number; range: number }])[] = [
  [[2, 13, 19], { radius: 3, space: 1.5, range: 0.4 }],
  [[1, 9, 8], { radius: 1, space: 10, range: 0.1 }],
  [[3, 1, 7], { radius: 2, space: 1, range: 1 }],
  [[1, 1, 1], { radius: 4, space: 2, range: 0.2 }],
  [[1, 21, 6], { radius: MOST_RADIUS, space: 5, range: 0.3 }],
];
const VARIANTS = ['reference', 'registers'] as const;

suite('guided_upsample', () => {
  for (const [shape, guidance] of CASES) {
    for (const variant of VARIANTS) {
      test(`[${shape}], radius ${guidance.radius}, ${variant}`, async (t) => {
        const gpu = await t.gpu();
        using _scope = gpu.scope();
        const [batch, height, width] = shape;
        const x = noise(1, batch * height * width, 3);
        const guide = noise(2, 3 * x.length);
        const y = guidedUpsampleWith(
          variant,
          GpuArray.from(gpu, x, shape),
          GpuArray.from(gpu, guide, [batch, 3, height, width]),
          guidance,
        );
        assertClose(await y.read(), reference(x, guide, shape, guidance), { absolute: 5e-6 }, 'y');
      });
    }
  }

  for (const variant of VARIANTS) {
    test(`launched in pieces it gives the same bits, ${variant}`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const map = GpuArray.from(gpu, noise(3, 2 * 21 * 9), [2, 21, 9]);
      const guide = GpuArray.from(gpu, noise(4, 6 * 21 * 9), [2, 3, 21, 9]);
      const run = () => guidedUpsampleWith(variant, map, guide, { radius: 2, space: 1.5, range: 0.3 }).read();
      const whole = await run();
      const { pieces } = gpu.budget;
      gpu.budget.pieces = () => 5;
      try {
        assert.deepEqual(await run(), whole);
      } finally {
        gpu.budget.pieces = pieces;
      }
    });
  }

  test('a border between patches moves to the edge of the picture', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const side = 16;
    const columns = Array.from({ length: side * side }, (_, i) => i % side);
    // The lesion begins at column 6; the map only knows patches of 8 pixels, smoothed.
    const guide = Float32Array.from({ length: 3 * side * side }, (_, i) =>
      columns[i % (side * side)] >= 6 ? 0.8 : 0.2,
    );
    const map = Float32Array.from(columns, (x) => Math.min(1, Math.max(0, (x - 3) / 8)));
    const guidance = { radius: 5, space: 4, range: 0.1 };
    const array = GpuArray.from(gpu, map, [1, side, side]);
    const y = await guidedUpsample(array, GpuArray.from(gpu, guide, [1, 3, side, side]), guidance).read();
    const step = (values: ArrayLike<number>) => values[8 * side + 6] - values[8 * side + 5];
    assert.isAbove(step(y), 3 * step(map));
  });

  test('a guide of one colour leaves a map of one value as it is', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const map = GpuArray.from(gpu, new Float32Array(63).fill(0.25), [1, 7, 9]);
    const y = guidedUpsample(map, GpuArray.zeros(gpu, [1, 3, 7, 9]), { radius: 2, space: 1, range: 0.1 });
    assertClose(await y.read(), new Float32Array(63).fill(0.25), { absolute: 1e-7 });
  });
});
