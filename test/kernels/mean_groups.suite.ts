import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { uploadIndex } from '../../src/kernels/gather_rows.ts';
import { meanGroups, meanGroupsBackward, meanRows, meanRowsBackward } from '../../src/kernels/mean_groups.ts';
import { centralDifference } from '../../src/lab/reference/central_difference.ts';
import { meanGroups as reference } from '../../src/lab/reference/rows.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

const WIDTH = 6;
const STARTS = [0, 1, 5, 42, 44];
const ROWS = 44;

suite('mean_groups', () => {
  test('unequal groups: forward and gradient', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = noise(1, ROWS * WIDTH);
    const starts = uploadIndex(gpu, STARTS);
    for (const rows of ['invocation', 'workgroup'] as const) {
      const y = gpu.tuned({ ...gpu.tuning, rows }, () => meanGroups(GpuArray.from(gpu, x, [ROWS, WIDTH]), starts));
      assert.deepEqual(y.shape, [4, WIDTH]);
      assertClose(await y.read(), reference(x, STARTS, WIDTH), { absolute: 2e-7 });
    }
    const grad = noise(2, 4 * WIDTH);
    const d = meanGroupsBackward(GpuArray.from(gpu, grad, [4, WIDTH]), starts, ROWS);
    const expected = centralDifference((v) => reference(v, STARTS, WIDTH), x, grad);
    assertClose(await d.read(), expected, { absolute: 1e-8, relative: 2e-7 });
  });

  test('equal groups: forward and gradient', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const [groups, rows, width] = [3, 70, 5];
    const starts = [0, 70, 140, 210];
    const x = noise(3, groups * rows * width);
    const y = meanRows(GpuArray.from(gpu, x, [groups, rows, width]));
    assertClose(await y.read(), reference(x, starts, width), { absolute: 1e-7, relative: 2e-7 });
    const grad = noise(4, groups * width);
    const d = await meanRowsBackward(GpuArray.from(gpu, grad, [groups, width]), rows).read();
    const expected = x.map((_, i) => grad[Math.floor(i / (rows * width)) * width + (i % width)] / rows);
    assertClose(d, expected, { relative: 2e-7 });
  });

  test('refuses empty groups and gaps', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = GpuArray.zeros(gpu, [4, 4]);
    for (const starts of [[0, 2, 2, 4], [1, 4], [0, 3], [0]]) {
      const index = uploadIndex(gpu, starts);
      assert.throws(() => meanGroups(x, index), /starts must rise from 0 to 4/);
    }
    // More rows than an invocation may add up are refused in one group, and not in two.
    const long = GpuArray.zeros(gpu, [80_000, 1]);
    assert.throws(() => meanGroups(long, uploadIndex(gpu, [0, 70_000, 80_000])), /1 … 60000 rows a group/);
    assert.deepEqual([...(await meanGroups(long, uploadIndex(gpu, [0, 40_000, 80_000])).read())], [0, 0]);
  });
});
