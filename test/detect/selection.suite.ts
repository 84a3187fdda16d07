import { assert } from 'chai';
import { openDataset } from '../../src/data/layout/open.ts';
import { Detector } from '../../src/detect/detector.ts';
import { readPicture } from '../../src/detect/pictures.ts';
import { ValidationSet } from '../../src/detect/selection.ts';
import { SupportSet } from '../../src/detect/support_set.ts';
import { runSettings } from '../../src/run/run_config.ts';
import { suite, test } from '../harness/registry.ts';
import { ruleSet } from '../train/rule_set.ts';
import { smallSettings, tinyBackbone } from '../train/small_run.ts';

suite('selection', () => {
  test('images are not scored again by the weights that were just compared on them, and by others they are', async (t) => {
    const fs = ruleSet();
    const { fusion, train } = runSettings(smallSettings({ method: 'clip-memory' }));
    const gpu = await t.gpu();
    const parts = { gpu, backbone: await tinyBackbone(), options: fusion };
    const detector = await Detector.open({ ...parts, kind: 'pixel', object: 'Brain', seed: 1 });
    const { valid } = (await openDataset(fs, '/Brain_AD')).splits;
    const memory = new SupportSet(detector, [await readPicture(fs, valid[0], fusion)], []);
    const contest = new ValidationSet(detector, valid, train, { fs });
    let batches = 0;
    await memory.withScorer(async ({ images, ranges }) => {
      const score: typeof images.score = (...of) => {
        if (!gpu.preparing) batches++;
        return images.score(...of);
      };
      const scorer = { images: { bank: null, score, release: () => {} }, ranges };
      await contest.evaluate(scorer, { candidate: 0, step: 3 });
      const each = batches;
      assert.isAbove(each, 0);
      const again = await contest.scores(scorer, { candidate: 0, step: 3 });
      assert.equal(batches, each);
      assert.deepEqual(again, await contest.scores(scorer));
      assert.equal(batches, 2 * each);
      for (const other of [
        { candidate: 0, step: 4 },
        { candidate: 1, step: 3 },
      ]) {
        await contest.evaluate(scorer, { candidate: 0, step: 3 });
        const before = batches;
        await contest.scores(scorer, other);
        assert.equal(batches, before + each);
      }
      const stop = new AbortController();
      const stopping: typeof score = (...of) => {
        stop.abort(new Error('stopped'));
        return score(...of);
      };
      const stopped = { images: { ...scorer.images, score: stopping }, ranges, signal: stop.signal };
      const end = await contest.scores(stopped).catch((error: Error) => error.message);
      assert.equal(end, 'stopped');
    });
    contest.release();
    memory.release();
    detector.release();
  });
});
