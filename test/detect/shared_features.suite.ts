import { assert } from 'chai';
import { SharedFeatures } from '../../src/detect/shared_features.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { ruleSet } from '../train/rule_set.ts';
import { contextOf, smallRun } from '../train/small_run.ts';

/** One epoch, so that the test images are scored once. */
const ONE = { epochs: '1' };

suiteInTurn('shared features', () => {
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

  test('sentences are encoded once for all methods that read them', async (t) => {
    const gpu = await t.gpu();
    const features = new SharedFeatures(2 ** 26);
    const counts: number[] = [];
    try {
      for (const method of ['clip-text', 'mvfa', 'winclip', 'winclip+']) {
        const settings = { method, epochs: '1' };
        const alone = await smallRun(contextOf(gpu, ruleSet()), settings, `/alone-${method}`);
        const shared = await smallRun(contextOf(gpu, ruleSet(), { features }), settings, `/shared-${method}`);
        assert.deepEqual(shared.results, alone.results);
        counts.push(features.encodedEnsembles);
      }
    } finally {
      features.release();
    }
    // APRIL-GAN's sentences, then WinCLIP's too.
    assert.deepEqual(counts, [1, 1, 2, 2]);
  });

  test('windows of an image are computed once, whatever images it is drawn or scored with', async (t) => {
    const gpu = await t.gpu();
    const features = new SharedFeatures(2 ** 26);
    const runs: Record<string, string>[] = [
      { method: 'winclip' },
      { method: 'winclip+' },
      { method: 'winclip+', seed: '2', shots: '1' },
    ];
    const hits: number[] = [];
    try {
      for (const [i, settings] of runs.entries()) {
        const before = features.hits;
        const alone = await smallRun(contextOf(gpu, ruleSet()), settings, `/alone${i}`);
        const shared = await smallRun(contextOf(gpu, ruleSet(), { features }), settings, `/shared${i}`);
        assert.deepEqual(shared.results, alone.results);
        assert.deepEqual(shared.scored, alone.scored);
        hits.push(features.hits - before);
      }
      // Of 4 + 4 images in valid, the first draw leaves 4 to choose on, and the memory holds 2 of the others.
      assert.deepEqual(
        hits.map((count) => count > 0),
        [false, true, true],
      );
      assert.isAtLeast(hits[1], 8 + 4);
    } finally {
      features.release();
    }
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
