import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { permute, repeatTo, sliceAxis, writeSlice } from '../../src/kernels/strided_copy.ts';
import { at, build } from '../../src/lab/reference/arrays.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

const SHAPE = [3, 2, 5, 4];
const X = noise(1, 120);

suite('strided_copy', () => {
  for (const order of [
    [0, 1, 2, 3],
    [3, 2, 1, 0],
    [1, 0, 3, 2],
    [2, 3, 0, 1],
  ]) {
    test(`permute [${order}]`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const y = permute(GpuArray.from(gpu, X, SHAPE), order);
      assert.deepEqual(
        y.shape,
        order.map((n) => SHAPE[n]),
      );
      const expected = build(y.shape, (p) =>
        at(
          X,
          SHAPE,
          [0, 1, 2, 3].map((axis) => p[order.indexOf(axis)]),
        ),
      );
      assertClose(await y.read(), expected, {});
    });
  }

  test('six axes in reverse', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const shape = [2, 3, 2, 3, 2, 3];
    const x = noise(2, 216);
    const y = permute(GpuArray.from(gpu, x, shape), [5, 4, 3, 2, 1, 0]);
    assertClose(
      await y.read(),
      build(y.shape, (p) => at(x, shape, p.toReversed())),
      {},
    );
    const seven = GpuArray.zeros(gpu, [2, 2, 2, 2, 2, 2, 2]);
    assert.throws(() => permute(seven, [6, 5, 4, 3, 2, 1, 0]), /7 axes that are no runs/);
  });

  test('a slice is read, and written into nothing but its place', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    for (const [axis, start, count] of [
      [0, 1, 2],
      [1, 1, 1],
      [2, 2, 3],
      [3, 1, 2],
    ]) {
      const x = GpuArray.from(gpu, X, SHAPE);
      const part = sliceAxis(x, axis, start, count);
      assert.deepEqual(part.shape, SHAPE.with(axis, count));
      const moved = build(part.shape, (p) => at(X, SHAPE, p.with(axis, p[axis] + start)));
      assertClose(await part.read(), moved, {}, `axis ${axis}`);
      const target = GpuArray.from(gpu, new Float32Array(120).fill(9), SHAPE);
      writeSlice(target, part, axis, start);
      const inside = (n: number) => n >= start && n < start + count;
      const expected = build(SHAPE, (p) => (inside(p[axis]) ? at(X, SHAPE, p) : 9));
      assertClose(await target.read(), expected, {}, `axis ${axis}, written`);
    }
  });

  test('repeats along any axes, times a factor', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    for (const shape of [[1, 2, 1, 4], [2, 1, 1], [5, 1], [4], []]) {
      const size = shape.reduce((n, m) => n * m, 1);
      const y = await repeatTo(GpuArray.from(gpu, X.slice(0, size), shape), SHAPE, -0.5).read();
      assertClose(
        y,
        build(SHAPE, (p) => -0.5 * at(X, shape, p)),
        {},
        `[${shape}]`,
      );
    }
  });
});
