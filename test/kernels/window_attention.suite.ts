import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { windowAttention } from '../../src/kernels/window_attention.ts';
import { type WindowShape, windowAttentionReference } from '../../src/lab/reference/window_attention.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

/** Whole windows, grids that are no multiple of the side, a grid smaller than a window; with and without a shift. */
const SHAPES: readonly WindowShape[] = [
  { batch: 2, height: 6, width: 9, heads: 2, head: 8, side: 3, shift: 0 },
  { batch: 2, height: 6, width: 9, heads: 2, head: 8, side: 3, shift: 1 },
  { batch: 1, height: 5, width: 7, heads: 3, head: 4, side: 4, shift: 2 },
  { batch: 1, height: 14, width: 14, heads: 1, head: 32, side: 7, shift: 3 },
  { batch: 2, height: 3, width: 2, heads: 1, head: 12, side: 5, shift: 0 },
];

suite('window_attention', () => {
  test('shifts, masks, biases and padding', async (t) => {
    const gpu = await t.gpu();
    for (const [i, shape] of SHAPES.entries()) {
      using _scope = gpu.scope();
      const { batch, height, width, heads, head, side } = shape;
      const columns = 3 * heads * head;
      const qkv = noise(10 + i, batch * height * width * columns, 2.5);
      const pad = noise(20 + i, columns, 2);
      const table = noise(30 + i, (2 * side - 1) ** 2 * heads, 3);
      const arrays = [
        GpuArray.from(gpu, qkv, [batch, height, width, columns]),
        GpuArray.from(gpu, pad, [columns]),
        GpuArray.from(gpu, table, [(2 * side - 1) ** 2, heads]),
      ] as const;
      const expected = windowAttentionReference(qkv, pad, table, shape);
      for (const rows of ['invocation', 'workgroup'] as const) {
        const out = gpu.tuned({ ...gpu.tuning, rows }, () => windowAttention(...arrays, shape));
        assert.deepEqual(out.shape, [batch, height, width, heads * head]);
        assertClose(await out.read(), expected, { absolute: 1e-5 }, `${JSON.stringify(shape)}, ${rows}`);
      }
    }
  });

  test('refuses a shift of a whole window', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const qkv = GpuArray.zeros(gpu, [1, 2, 2, 12]);
    const run = () =>
      windowAttention(qkv, GpuArray.zeros(gpu, [12]), GpuArray.zeros(gpu, [9, 1]), { heads: 1, side: 2, shift: 2 });
    assert.throws(run, /a shift of 2 in windows of 2/);
  });
});
