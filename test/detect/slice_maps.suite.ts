import { assert } from 'chai';
import { sliceMaps } from '../../src/detect/slice_maps.ts';
import { suite, test } from '../harness/registry.ts';

suite('maps of slices', () => {
  test('lose the bars that made a slice square, above and below where it is wide', () => {
    // What the model saw of slices of 12 columns and 6 rows: a quarter of bar above and below, 1 at the left, 2 at the right.
    const map = Float32Array.from({ length: 64 }, (_, i) => (i < 16 || i >= 48 ? 9 : i % 8 < 4 ? 1 : 2));
    const affine = [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
    ];
    const stacks = [{ order: [0, 1, 2], slices: ['a', null] }] as const;
    const rule = { norm: 'medclip', stride: 1, smooth: 0 } as const;
    const maps = sliceMaps({ shape: [12, 6, 2], affine } as never, stacks as never, new Map([['a', { map }]]), rule);
    const rows = Array.from({ length: 6 }, (_, y) => [...maps.slice(0).subarray(12 * y, 12 * y + 12)]);
    // The rows at the edges are mixed with the bars.
    for (const row of rows.slice(1, 5)) {
      assert.deepEqual(row, rows[1]);
      assert.deepEqual([row[0], row[11]], [1, 2]);
      assert.deepEqual(row, row.toSorted());
    }
    assert.isBelow(Math.max(...rows[0]), 9);
    assert.deepEqual([...maps.slice(1)], new Array(72).fill(1), 'a slice without a map has the lowest value');
  });
});
