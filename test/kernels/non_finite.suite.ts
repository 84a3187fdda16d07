import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { countNonFinite } from '../../src/kernels/non_finite.ts';
import { noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

suite('non_finite', () => {
  test('counts NaN and both infinities, and nothing else', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    for (const size of [1, 5, 1000, 200_001]) {
      const x = noise(1, size);
      x[0] = 3.4e38;
      const clean = countNonFinite(GpuArray.from(gpu, x, [size]));
      assert.equal(new Uint32Array(await gpu.read(clean))[0], 0);
      const bad = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      const places = [...new Set([0, Math.floor(size / 2), size - 1])];
      places.forEach((place, i) => {
        x[place] = bad[i];
      });
      const count = countNonFinite(GpuArray.from(gpu, x, [size]));
      assert.equal(new Uint32Array(await gpu.read(count))[0], places.length);
    }
  });
});
