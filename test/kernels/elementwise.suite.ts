import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { addInto, clamp, fill, scale, scaleRows, sumAll } from '../../src/kernels/elementwise.ts';
import { ROW_VARIANTS } from '../../src/kernels/rows.ts';
import { sumAxes, sumAxis, sumTo } from '../../src/kernels/sum_axis.ts';
import { sumOver } from '../../src/lab/reference/arrays.ts';
import { sumAxis as sumReference } from '../../src/lab/reference/rows.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

function upload(gpu: Gpu, seed: number, shape: readonly number[]): { host: Float32Array; device: GpuArray } {
  const size = shape.reduce((product, n) => product * n, 1);
  const host = noise(seed, size);
  return { host, device: GpuArray.from(gpu, host, shape) };
}

suite('elementwise', () => {
  test('scaleRows wants one factor a row', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    assert.throws(() => scaleRows(GpuArray.empty(gpu, [4, 6]), GpuArray.empty(gpu, [6])), /one factor for each row/);
  });

  test('scale, scaleRows and fill', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = upload(gpu, 3, [5, 7]);
    const w = upload(gpu, 4, [5]);
    assertClose(
      await scale(x.device, -2.5).read(),
      x.host.map((v) => -2.5 * v),
      { relative: 1e-7 },
    );
    const rows = await scaleRows(x.device, w.device).read();
    assertClose(
      rows,
      x.host.map((v, i) => v * w.host[Math.floor(i / 7)]),
      {},
    );
    assert.deepEqual([...(await fill([3, 3], 0.75, gpu).read())], Array(9).fill(0.75));
  });

  test('clamp keeps what is inside and what lies behind', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const whole = GpuArray.from(gpu, Float32Array.of(-3, 0.5, 7, 7), [4]);
    clamp(new GpuArray(gpu, whole.buffer, [3], 'f32'), -1, 2);
    assertClose(await whole.read(), [-1, 0.5, 2, 7], {});
  });

  test('addInto changes its target and nothing behind it', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    // Two views of one buffer: rows of 64 floats, so that the second starts on 256 bytes; the first is cut short.
    const whole = upload(gpu, 5, [2, 64]);
    const first = new GpuArray(gpu, whole.device.buffer, [62], 'f32', 0);
    const source = upload(gpu, 6, [62]);
    addInto(first, source.device, 0.5);
    const expected = whole.host.map((v, i) => (i < 62 ? v + 0.5 * source.host[i] : v));
    assertClose(await whole.device.read(), expected, { absolute: 1e-7 });
    const second = whole.device.view(1, 1);
    assert.isNotNull(second);
    addInto(second, GpuArray.from(gpu, new Float32Array(64).fill(1), [1, 64]));
    assertClose(
      await whole.device.read(),
      expected.map((v, i) => (i < 64 ? v : v + 1)),
      { absolute: 1e-7 },
    );
  });
});

suite('sum_axis', () => {
  for (const [outer, rows, inner] of [
    [1, 300, 12],
    [3, 67, 5],
    [2, 1, 4],
    [2, 5000, 1],
    [5, 130, 2],
  ] as const) {
    test(`[${outer}, ${rows}, ${inner}]`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const x = upload(gpu, 7, [outer, rows, inner]);
      const expected = sumReference(x.host, [outer, rows, inner]).map((v) => 0.5 * v);
      for (const variant of Object.keys(ROW_VARIANTS)) {
        const sums = () => sumAxis(x.device, [outer, rows, inner], [outer, inner], 0.5);
        const y = await gpu.tuned({ rows: variant }, sums).read();
        assertClose(y, expected, { absolute: 1.5e-7 * Math.sqrt(rows), relative: 2e-7 }, variant);
      }
    });
  }

  test('a long sum is good to a rounding or two, and repeats bit for bit', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const host = noise(8, 1_000_003).map((v) => v + 1);
    const x = GpuArray.from(gpu, host, [host.length]);
    const exact = host.reduce((sum, v) => sum + v, 0);
    for (const rows of Object.keys(ROW_VARIANTS)) {
      const sum = () => gpu.tuned({ rows }, () => sumAll(x)).read();
      const once = await sum();
      assertClose(once, [exact], { relative: 1.5e-7 }, rows);
      assert.equal((await sum())[0], once[0]);
    }
  });

  test('sumTo adds up the broadcast axes, and those alone', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = upload(gpu, 9, [4, 3, 5]);
    for (const [shape, axes] of [
      [[5], [0, 1]],
      [
        [3, 1],
        [0, 2],
      ],
      [[4, 1, 5], [1]],
      [[], [0, 1, 2]],
    ]) {
      const y = sumTo(x.device, shape);
      assert.deepEqual(y.shape, shape);
      assertClose(await y.read(), sumOver(x.host, [4, 3, 5], axes), { absolute: 2e-6 }, `[${shape}]`);
    }
    assert.equal(sumTo(x.device, [4, 3, 5]).buffer, x.device.buffer);
    for (const shape of [[4], [3, 5, 1], [2, 4, 3, 5]]) {
      assert.throws(() => sumTo(x.device, shape), /does not broadcast to \[4,3,5\]/);
    }
  });

  test('sumAxes of no axes or axes of one step is a copy with the factor', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = upload(gpu, 10, [4, 1, 5]);
    for (const axes of [[], [1]]) {
      const y = sumAxes(x.device, axes, 2);
      assert.notEqual(y.buffer, x.device.buffer);
      assertClose(
        await y.read(),
        x.host.map((v) => 2 * v),
        {},
      );
    }
    assert.throws(() => sumAxes(x.device, [1, 1]), /are not axes of/);
  });
});
