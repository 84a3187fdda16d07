import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { gatherRows, scatterRows, uploadIndex } from '../../src/kernels/gather_rows.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

const TABLE = 11;
const WIDTH = 7;
const IDS = new Uint32Array([3, 10, 3, 0, 7, 3, 10, 5, 3]);

suite('gather_rows', () => {
  test('takes rows by number', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const table = noise(1, TABLE * WIDTH);
    const y = gatherRows(GpuArray.from(gpu, table, [TABLE, WIDTH]), uploadIndex(gpu, IDS));
    assert.deepEqual(y.shape, [IDS.length, WIDTH]);
    const expected = [...IDS].flatMap((id) => [...table.subarray(id * WIDTH, (id + 1) * WIDTH)]);
    assertClose(await y.read(), expected, {});
  });

  for (const width of [WIDTH, 12]) {
    test(`takes rows of what follows the table, ${width} wide`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const [table, more] = [noise(1, 3 * width), noise(4, 2 * width)];
      const ids = [4, 0, 2, 3, 3];
      const y = gatherRows(
        GpuArray.from(gpu, table, [3, width]),
        uploadIndex(gpu, ids),
        GpuArray.from(gpu, more, [2, width]),
      );
      const all = [...table, ...more];
      assertClose(
        await y.read(),
        ids.flatMap((id) => all.slice(id * width, (id + 1) * width)),
        {},
      );
    });
  }

  for (const width of [WIDTH, 12]) {
    test(`scatterRows of numbers that differ leaves zeros elsewhere, ${width} wide`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const grad = noise(5, 3 * width);
      const expected = new Float64Array(5 * width);
      [4, 0, 2].forEach((id, i) => {
        expected.set(grad.subarray(i * width, (i + 1) * width), id * width);
      });
      const d = scatterRows(GpuArray.from(gpu, grad, [3, width]), Uint32Array.of(4, 0, 2), 5);
      assertClose(await d.read(), expected, {});
    });
  }

  test('scatterRows is its transpose', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const grad = noise(2, IDS.length * WIDTH);
    const expected = new Float64Array(TABLE * WIDTH);
    for (let i = 0; i < grad.length; i++) expected[IDS[Math.floor(i / WIDTH)] * WIDTH + (i % WIDTH)] += grad[i];
    const device = GpuArray.from(gpu, grad, [IDS.length, WIDTH]);
    assertClose(await scatterRows(device, IDS, TABLE).read(), expected, { absolute: 2e-7 });
    assertClose(await scatterRows(device, uploadIndex(gpu, IDS), TABLE).read(), expected, { absolute: 2e-7 });
  });

  test('a row named thousands of times', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const ids = new Uint32Array(5000).fill(1);
    const grad = noise(3, 5000).map((v) => v + 1);
    const d = await scatterRows(GpuArray.from(gpu, grad, [5000, 1]), ids, 3).read();
    assertClose(d, [0, grad.reduce((sum, v) => sum + v, 0), 0], { relative: 3e-6 });
  });

  test('refuses a number beyond the table', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const index = uploadIndex(gpu, [0, 11]);
    assert.throws(() => gatherRows(GpuArray.zeros(gpu, [11, 4]), index), /entry 1 is 11, must be below 11/);
  });
});
