import { assert } from 'chai';
import { SharedFeatures } from '../../src/train/index.ts';
import { suite, test } from '../harness/registry.ts';
import { contextOf, ruleSet, smallRun } from './small_run.ts';

/** One epoch, so that the test images are scored once. */
const ONE = { epochs: '1' };

suite('shared features', () => {
  test('runs get the same bits whether features are theirs or those of another method, draw or number of shots', async (t) => {
    const gpu = await t.gpu();
    const features = new SharedFeatures(2 ** 26);
    const clip = { method: 'clip-text', 'prompt.nctx': '8', seed: '2', shots: '1' };
    const guided = { 'map.upsample': 'guided', 'score.cls': 'add' };
    const variants: Record<string, string>[] = [{ 'score.cls': 'add' }, guided, clip];
    const hits: number[] = [];
    try {
      for (const [i, settings] of variants.entries()) {
        const before = features.hits;
        const alone = await smallRun(contextOf(gpu, ruleSet()), { ...ONE, ...settings }, `/alone${i}`);
        const shared = await smallRun(contextOf(gpu, ruleSet(), { features }), { ...ONE, ...settings }, `/shared${i}`);
        assert.deepEqual(shared.results, alone.results);
        hits.push(features.hits - before);
      }
      assert.isAbove(hits[2], 0, 'another draw has the test images of the first');
      assert.isAbove(hits[1], hits[2], 'the same draw has the views that it learns from too');
    } finally {
      features.release();
    }
    assert.equal(features.used, 0);
  });

  test('what does not fit is computed by each run, and another size drops the rest', async (t) => {
    const gpu = await t.gpu();
    const none = new SharedFeatures(0);
    await smallRun(contextOf(gpu, ruleSet(), { features: none }), ONE, '/a');
    await smallRun(contextOf(gpu, ruleSet(), { features: none }), ONE, '/b');
    assert.deepEqual([none.used, none.hits], [0, 0]);
    const features = new SharedFeatures(2 ** 26);
    try {
      await smallRun(contextOf(gpu, ruleSet(), { features }), ONE, '/c');
      const before = features.used;
      await smallRun(contextOf(gpu, ruleSet(), { features }), { ...ONE, size: '28' }, '/d');
      assert.equal(features.hits, 0);
      assert.isBelow(features.used, before);
    } finally {
      features.release();
    }
  });
});
