import { assert } from 'chai';
import { clipCases } from '../golden/cases/clip.ts';
import { suiteOnOneDawn, test } from '../harness/registry.ts';

suiteOnOneDawn('CLIP towers', () => {
  test('give the reference taps, embeddings and prompt gradients', async (t) => {
    const gpu = await t.gpu();
    let count = 0;
    for await (const { name, ratio } of clipCases((file) => t.fixture(`golden/seed1/${file}`), gpu)) {
      assert.isAtMost(ratio, 1, name);
      count++;
    }
    assert.isAtLeast(count, 30);
  });
});
