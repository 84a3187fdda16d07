import { assert } from 'chai';
import { resizePositions } from '../../src/clip/positions.ts';
import { preprocess, preprocessMask, resizeForClip } from '../../src/clip/preprocess.ts';
import type { Image } from '../../src/data/image.ts';
import { rulePicture } from '../../src/data/picture.ts';
import { posembedCases } from '../golden/cases/posembed.ts';
import { preprocessCases } from '../golden/cases/preprocess.ts';
import { noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

suite('preprocessing', () => {
  test('matches the golden bytes, inputs, masks and warps', async (t) => {
    for await (const { name, ratio } of preprocessCases((file) => t.fixture(`golden/seed1/${file}`))) {
      assert.isAtMost(ratio, 1, name);
    }
  });

  test('gives three planes of float32, with mean and std except for mvfa', () => {
    const white: Image = { width: 5, height: 9, channels: 1, data: new Uint8Array(45).fill(255) };
    assert.deepEqual(preprocess(white, 'mvfa', 4), new Float32Array(48).fill(1));
    const x = preprocess(white, 'winclip', 4);
    assert.equal(x.length, 48);
    for (const [c, value] of [1.930336, 2.074882, 2.145897].entries()) assert.closeTo(x[c * 16 + 5], value, 1e-5);
  });

  test('openai crops the middle of the long side, the others squash it', () => {
    const data = Uint8Array.from({ length: 12 * 4 }, (_, i) => (i % 12 < 4 ? 0 : i % 12 < 8 ? 100 : 200));
    const wide: Image = { width: 12, height: 4, channels: 1, data };
    const middle = resizeForClip(wide, 'openai', 4).data;
    assert.isTrue(middle.every((v) => v === 100));
    assert.equal(resizeForClip(wide, 'april', 4).data[0], 0);
  });

  test('masks are 0 and 1; thin lesions survive by the rule of the variant', () => {
    const { mask } = rulePicture('masks', 2, 90, 70, 1, 2);
    for (const variant of ['april', 'mvfa'] as const) {
      const small = preprocessMask(mask, variant, 24);
      assert.equal(small.length, 576);
      assert.isTrue(small.every((v) => v === 0 || v === 1) && small.includes(1));
    }
  });
});

suite('position table', () => {
  test('matches the golden weights and tables', async (t) => {
    for await (const { name, ratio } of posembedCases((file) => t.fixture(`golden/seed1/${file}`))) {
      assert.isAtMost(ratio, 1, name);
    }
  });

  test('keeps the class row, and all of it at the same size', () => {
    const table = noise(4, (6 * 6 + 1) * 5);
    assert.deepEqual(resizePositions(table, 6, 6), table);
    const smaller = resizePositions(table, 6, 4);
    assert.equal(smaller.length, 17 * 5);
    assert.deepEqual(smaller.subarray(0, 5), table.subarray(0, 5));
  });

  test('refuses a table of another grid', () => {
    assert.throws(() => resizePositions(new Float32Array(100), 6, 4), RangeError);
  });
});
