import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { uploadIndex } from '../../src/kernels/gather_rows.ts';
import { insertRows, insertRowsBackward } from '../../src/kernels/insert_rows.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';
import { centralDifference } from '../reference/central_difference.ts';
import { insertRows as reference } from '../reference/rows.ts';

const [S, L, P, N, W] = [5, 6, 2, 3, 5];
// At the front, at the end, and in between; both sets.
const AT = new Uint32Array([0, 6, 2, 3, 3]);
const SET = new Uint32Array([1, 0, 1, 1, 0]);
const DIMENSIONS = [L, N, W] as const;

suite('insert_rows', () => {
  test('forward, with plain and with uploaded positions', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const rows = noise(1, S * L * W);
    const ctx = noise(2, P * N * W);
    const deviceRows = GpuArray.from(gpu, rows, [S, L, W]);
    const deviceCtx = GpuArray.from(gpu, ctx, [P, N, W]);
    const expected = reference(rows, ctx, AT, SET, DIMENSIONS);
    const out = insertRows(deviceRows, deviceCtx, AT, SET);
    assert.deepEqual(out.shape, [S, L + N, W]);
    assertClose(await out.read(), expected, {});
    const again = insertRows(deviceRows, deviceCtx, uploadIndex(gpu, AT), uploadIndex(gpu, SET));
    assertClose(await again.read(), expected, {});
  });

  test('gradients equal central differences', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const rows = noise(3, S * L * W);
    const ctx = noise(4, P * N * W);
    const grad = noise(5, S * (L + N) * W);
    const device = GpuArray.from(gpu, grad, [S, L + N, W]);
    const d = insertRowsBackward(device, N, AT, SET, P, { rows: true, ctx: true });
    assert(d.rows && d.ctx);
    const dRows = centralDifference((v) => reference(v, ctx, AT, SET, DIMENSIONS), rows, grad);
    assertClose(await d.rows.read(), dRows, { absolute: 1e-7 }, 'rows');
    const dCtx = centralDifference((v) => reference(rows, v, AT, SET, DIMENSIONS), ctx, grad);
    assertClose(await d.ctx.read(), dCtx, { absolute: 5e-7 }, 'ctx');
    assert.deepEqual(insertRowsBackward(device, N, AT, SET, P, { rows: false, ctx: false }), { rows: null, ctx: null });
  });

  test('refuses positions outside', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const rows = GpuArray.zeros(gpu, [1, 4, 4]);
    const ctx = GpuArray.zeros(gpu, [2, 1, 4]);
    assert.throws(() => insertRows(rows, ctx, new Uint32Array([5]), new Uint32Array([0])), /must be below 5/);
    assert.throws(() => insertRows(rows, ctx, new Uint32Array([4]), new Uint32Array([2])), /must be below 2/);
  });
});
