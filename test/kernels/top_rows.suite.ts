import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { topRows } from '../../src/kernels/top_rows.ts';
import { noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

suite('top_rows', () => {
  for (const best of [0, 1, 7, 45]) {
    test(`the ${best} largest of 45, with ties`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const [groups, width] = [3, 45];
      // Few distinct values, and one group of nothing but ties.
      const score = noise(1, groups * width).map((v, i) => (i < width ? 0 : Math.round(6 * v)));
      const expected = new Float32Array(score.length);
      for (let g = 0; g < groups; g++) {
        const order = Array.from({ length: width }, (_, i) => g * width + i);
        order.sort((a, b) => score[b] - score[a] || a - b);
        for (const i of order.slice(0, best)) expected[i] = 1;
      }
      const chosen = await topRows(GpuArray.from(gpu, score, [groups, width]), best).read();
      assert.deepEqual([...chosen], [...expected]);
    });
  }
});
