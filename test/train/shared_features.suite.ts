import { assert } from 'chai';
import { SharedFeatures } from '../../src/train/index.ts';
import { suite, test } from '../harness/registry.ts';
import { contextOf, ruleSet, smallRun } from './small_run.ts';

suite('shared features', () => {
  test('runs get the same bits whether features are theirs or those of another method, draw or number of shots', async (t) => {
    const gpu = await t.gpu();
    const features = new SharedFeatures(2 ** 26);
    const variants: Record<string, string>[] = [
      { seed: '1' },
      { seed: '1', branches: 'gal' },
      { seed: '2', shots: '1' },
    ];
    try {
      const hits: number[] = [];
      for (const [i, settings] of variants.entries()) {
        const alone = await smallRun(contextOf(gpu, ruleSet()), settings, `/alone${i}`);
        const shared = await smallRun(contextOf(gpu, ruleSet(), { features }), settings, `/shared${i}`);
        assert.deepEqual(shared.results, alone.results);
        hits.push(features.hits);
      }
      // Support, remaining valid and test images for the second; the third, with another draw, has the test images.
      assert.isAtLeast(hits[1] - hits[0], 3);
      assert.isAbove(hits[2], hits[1]);
      assert.isAbove(features.used, 0);
    } finally {
      features.release();
    }
    assert.equal(features.used, 0);
  });

  test('what does not fit is computed by each run, and another data set or size drops the rest', async (t) => {
    const gpu = await t.gpu();
    const none = new SharedFeatures(0);
    await smallRun(contextOf(gpu, ruleSet(), { features: none }), {}, '/a');
    await smallRun(contextOf(gpu, ruleSet(), { features: none }), {}, '/b');
    assert.deepEqual([none.used, none.hits], [0, 0]);
    const features = new SharedFeatures(2 ** 26);
    try {
      await smallRun(contextOf(gpu, ruleSet(), { features }), {}, '/c');
      const before = features.used;
      await smallRun(contextOf(gpu, ruleSet(), { features }), { size: '28' }, '/d');
      assert.equal(features.hits, 0);
      assert.isBelow(features.used, before);
    } finally {
      features.release();
    }
  });
});
