import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { bankDistance } from '../../src/kernels/bank_distance.ts';
import { ROW_VARIANTS } from '../../src/kernels/rows.ts';
import { bankDistanceReference } from '../../src/lab/reference/bank_distance.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

suite('bank_distance', () => {
  for (const variant of Object.keys(ROW_VARIANTS)) {
    test(`${variant}: the nearest of a bank in one array and in several`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const by = <T>(body: () => T): T => gpu.tuned({ ...gpu.tuning, rows: variant }, body);
      const [rows, entries, width] = [21, 150, 20];
      const [q, m] = [noise(60, rows * width, 4), noise(61, entries * width)];
      q.fill(0, 0, width); // a row of zeros is at distance 1 from everything
      for (let i = 3 * width; i < 4 * width; i++) q[i] *= 1e-6; // what is short points somewhere too
      m.set(q.subarray(width, 2 * width), 70 * width); // and one that is in the bank at distance 0
      const query = GpuArray.from(gpu, q, [rows, width]);
      const expected = bankDistanceReference(q, m, width);
      assert.closeTo(expected[1], 0, 1e-12);
      const whole = await by(() => bankDistance(query, GpuArray.from(gpu, m, [entries, width]))).read();
      assertClose(whole, expected, { absolute: 1e-6 });
      const cut = 64 * width;
      const parts = [m.slice(0, cut), m.slice(cut)].map((x) => GpuArray.from(gpu, x, [x.length / width, width]));
      assertClose(await by(() => bankDistance(query, parts)).read(), expected, { absolute: 1e-6 }, 'in parts');
      assert.throws(() => bankDistance(query, []), /empty/);
    });
  }

  test('a bank that is longer than a loop may be is cut into pieces', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const [rows, entries, width] = [3, 66_000, 4];
    const [q, m] = [noise(62, rows * width), noise(63, entries * width)];
    m.set(q.subarray(width, 2 * width), (entries - 1) * width); // the very last entry counts
    const out = await bankDistance(
      GpuArray.from(gpu, q, [rows, width]),
      GpuArray.from(gpu, m, [entries, width]),
    ).read();
    // Nearest entries among so many are parallel to about 1e-4: the distance is all cancellation.
    assertClose(out, bankDistanceLong(q, m, width), { absolute: 1e-6 });
  });
});

/** The reference without a list of all entries at a time. */
function bankDistanceLong(q: Float32Array, m: Float32Array, width: number): Float64Array {
  const least = new Float64Array(q.length / width).fill(Infinity);
  for (let i = 0; i < m.length; i += 1000 * width) {
    bankDistanceReference(q, m.subarray(i, i + 1000 * width), width).forEach((d, r) => {
      least[r] = Math.min(least[r], d);
    });
  }
  return least;
}
