import { assert } from 'chai';
import fc from 'fast-check';
import type { Image } from '../../src/data/image.ts';
import { rulePicture } from '../../src/data/picture.ts';
import { axisWeights, resizeImage, resizeNearest } from '../../src/data/resize.ts';
import { suite, test } from '../harness/registry.ts';

suite('resizing', () => {
  test('weights of an axis sum to 1 and stay inside it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 90 }), fc.boolean(), (n, m, cubic) => {
        for (const { start, weights } of axisWeights(n, m, cubic ? 'bicubic' : 'bilinear')) {
          assert.isAtLeast(start, 0);
          assert.isAtMost(start + weights.length, n);
          assert.closeTo(
            weights.reduce((a, b) => a + b, 0),
            1,
            1e-12,
          );
        }
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  test('a flat picture stays flat at every size', () => {
    const flat: Image = { width: 7, height: 5, channels: 3, data: new Uint8Array(105).fill(201) };
    for (const [w, h] of [
      [1, 1],
      [3, 11],
      [40, 2],
    ]) {
      assert.isTrue(resizeImage(flat, w, h).data.every((v) => v === 201));
    }
  });

  test('the same size gives the same bytes, alpha 0 included', () => {
    const { image } = rulePicture('resize.same', 1, 9, 8, 4, 0);
    image.data[3] = 0;
    assert.deepEqual(resizeImage(image, 9, 8), image);
  });

  test('invisible pixels of RGBA do not bleed into visible ones', () => {
    const data = Uint8Array.from({ length: 8 * 4 }, (_, i) => (i < 16 ? [10, 20, 30, 255] : [255, 255, 255, 0])[i % 4]);
    const small = resizeImage({ width: 8, height: 1, channels: 4, data }, 4, 1);
    assert.deepEqual(Array.from(small.data.subarray(0, 4)), [10, 20, 30, 255]);
    const edge = small.data.subarray(4, 8);
    for (const [c, value] of [10, 20, 30].entries()) assert.closeTo(edge[c], value, 2);
  });

  test('nearest takes source pixels only and repeats them evenly', () => {
    const line: Image = { width: 4, height: 1, channels: 1, data: Uint8Array.of(3, 1, 4, 1) };
    assert.deepEqual(Array.from(resizeNearest(line, 8, 1).data), [3, 3, 1, 1, 4, 4, 1, 1]);
    assert.deepEqual(Array.from(resizeNearest(line, 2, 1).data), [1, 1]);
  });
});
