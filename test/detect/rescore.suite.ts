import { assert } from 'chai';
import { CLIP_PIXELS } from '../../src/clip/preprocess.ts';
import { rangeOf } from '../../src/data/heat_map.ts';
import { Detector } from '../../src/detect/detector.ts';
import { evaluateTrained } from '../../src/detect/evaluate_run.ts';
import { type Picture, readPicture, viewsOf } from '../../src/detect/pictures.ts';
import { predictImages } from '../../src/detect/predict.ts';
import { SupportSet } from '../../src/detect/support_set.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { runSettings } from '../../src/run/run_config.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { ruleSet } from '../train/rule_set.ts';
import { contextOf, smallRun, smallSettings, tinyBackbone } from '../train/small_run.ts';

const FIXED = { prompt: 'fixed', epochs: '1' };

/** A run in memory and what scores it again. */
async function scoredRun(gpu: Gpu, settings: Record<string, string>) {
  const fs = ruleSet();
  const context = contextOf(gpu, fs);
  const outcome = await smallRun(context, settings);
  const model = await tinyBackbone();
  const again = (changed: Record<string, string>) =>
    evaluateTrained(context, { adapters: '/run', model, settings: changed });
  return { fs, context, model, outcome, again };
}

suiteInTurn('scoring a stored run with other settings', () => {
  test('another method without training gives what a run of its own gives', async (t) => {
    const { context, again } = await scoredRun(await t.gpu(), FIXED);
    const own = await smallRun(context, { method: 'clip-memory' }, '/own');
    const { results, scored } = await again({ method: 'clip-memory' });
    assert.deepEqual([results.method, results.selectedBy], ['clip-memory', 'none']);
    assert.deepEqual(
      scored.images.map(({ score }) => score),
      own.scored.images.map(({ score }) => score),
    );
    assert.deepEqual(results.imageThreshold, own.results.selected.imageThreshold);
    assert.deepEqual(results.pixelThreshold, own.results.selected.pixelThreshold);
  });

  test('settings of inference change scores, and thresholds are chosen anew as in training', async (t) => {
    const { context, outcome, again } = await scoredRun(await t.gpu(), FIXED);
    const before = outcome.results.selected;
    const top = await again({ 'score.image': 'topk:5' });
    const own = await smallRun(context, { ...FIXED, 'score.image': 'topk:5' }, '/own');
    assert.notDeepEqual(top.results.imageThreshold, before.imageThreshold);
    assert.deepEqual(top.results.imageThreshold, own.results.selected.imageThreshold);
    assert.deepEqual(top.results.changed, { 'score.image': 'topk:5' });
    const same = await again({ fuse: 'april' });
    assert.deepEqual(same.results.imageThreshold, before.imageThreshold);
  });

  test('guided maps differ from bilinear ones in every method, with the same image embedding scores', async (t) => {
    const { again } = await scoredRun(await t.gpu(), FIXED);
    const guided = { 'map.upsample': 'guided', 'map.guide.radius': '3' };
    for (const method of ['clip-text', 'winclip+']) {
      const plain = await again({ method });
      const drawn = await again({ method, ...guided });
      assert.equal(drawn.scored.images[0].map.length, 42 * 42);
      assert.notDeepEqual(drawn.scored.images[0].map, plain.scored.images[0].map, method);
      if (!method.includes('clip-text')) continue;
      assert.deepEqual(
        drawn.scored.images.map(({ score }) => score),
        plain.scored.images.map(({ score }) => score),
      );
    }
  });

  test('what training depends on cannot change', async (t) => {
    const { again } = await scoredRun(await t.gpu(), FIXED);
    for (const [changed, ...patterns] of [
      [{ method: 'mvfa' }, /has weights of its own to train/, /fusionclip train --method mvfa/],
      [{ method: 'single-patch' }, /holds those of fusionclip/],
      [{ adapter: '1' }, /no setting "adapter"/],
      [{ 'adapter.act': 'none' }, /--adapter.act cannot change any more: \/run was trained with relu/],
      [{ size: '56' }, /--size cannot change/, /stored at 42 pixels/],
      [{ method: 'clip-memory', size: '56' }, /stored at 42 pixels/],
      [{ method: 'clip-text', layers: '1' }, /--layers means nothing to --method clip-text/],
    ] as [Record<string, string>, ...RegExp[]][]) {
      await expectFailure('usage', patterns, () => again(changed));
    }
  });

  test('without the data set of the run there are scores, and no thresholds', async (t) => {
    const { fs, context, model } = await scoredRun(await t.gpu(), FIXED);
    const image = fs.files.get('/Brain_AD/test/good/img/0.png')!;
    for (const path of [...fs.files.keys()]) if (path.startsWith('/Brain_AD/')) fs.files.delete(path);
    fs.files.set('/x.png', image);
    const predict = async (settings: Record<string, string>) =>
      (await predictImages(context, { paths: ['/x.png'], adapters: '/run', model, out: null, settings })).images[0];
    const own = await predict({});
    const changed = await predict({ fuse: 'mean' });
    assert.isNotNull(own.abnormal);
    assert.isNull(changed.abnormal);
    assert.closeTo(changed.score, own.score / 2, 1e-5);
    const notes = context.events.filter((event) => event.type === 'note');
    assert.match(notes.map(({ text }) => text).join(), /there are no thresholds/);
  });

  test('a run that nothing was left to choose thresholds on says so, and so does another scoring of it', async (t) => {
    const fs = ruleSet('pixel', 1);
    const context = contextOf(await t.gpu(), fs);
    const { results } = await smallRun(context, { method: 'clip-memory', shots: '1' });
    assert.isNull(results.selected.imageThreshold);
    const said = () => context.events.map((event) => (event.type === 'note' ? event.text : '')).join('\n');
    assert.match(said(), /so do the support images that can be scored without themselves: no score is called abnormal/);
    assert.notMatch(said(), /thresholds were chosen/);
    const choices = { adapters: '/run', model: await tinyBackbone(), settings: { 'score.image': 'topk:5' } };
    assert.isNull((await evaluateTrained(context, choices)).results.imageThreshold);
    assert.match(said(), /its data set has too few labelled images, so there are no thresholds/);
  });

  for (const method of ['clip-memory', 'april-gan']) {
    test(`a run of normal images alone looks at nothing abnormal before it is evaluated: ${method}`, async (t) => {
      const fs = ruleSet('pixel', 3);
      const context = contextOf(await t.gpu(), fs);
      const { results } = await smallRun(context, { method, epochs: '1', 'shots.abnormal': '0' });
      const abnormal = fs.reads.filter((path) => path.startsWith('/Brain_AD/valid/Ungood'));
      assert.deepEqual(abnormal, []);
      assert.deepEqual(results.shots, { normal: 2, abnormal: 0 });
      assert.equal(results.selectedBy, method === 'clip-memory' ? 'none' : 'last');
      assert.equal(results.selected.imageThreshold?.from, 'support');
      assert.equal(results.selected.pixelThreshold?.from, 'support');
      const notes = context.events.filter((event) => event.type === 'note');
      assert.isTrue(notes.some(({ text }) => /^Normal-only/.test(text)));
    });
  }
});

suiteInTurn('calibration from the support set', () => {
  test('each normal image is scored by a bank without it, the abnormal ones by the whole', async (t) => {
    const fs = ruleSet();
    const settings = runSettings(smallSettings({ method: 'clip-both', fuse: 'calib' }));
    const parts = { gpu: await t.gpu(), backbone: await tinyBackbone(), options: settings.fusion };
    const detector = await Detector.open({ ...parts, kind: 'pixel', object: 'Brain', seed: 1 });
    const read = (path: string, label: 0 | 1) =>
      readPicture(
        fs,
        { id: path, path: `/Brain_AD/${path}`, label, mask: null, split: 'valid', patient: null },
        settings.fusion,
      );
    const normal: Picture[] = [];
    for (const i of [0, 1, 2]) normal.push(await read(`valid/good/img/${i}.png`, 0));
    const abnormal = [await read('valid/Ungood/img/0.png', 1)];
    const rangesOf = async (bank: typeof normal, scored: typeof normal) => {
      const memory = new SupportSet(detector, bank, scored);
      const ranges = await memory.withScorer(async ({ images }) => {
        const maps: Float32Array[] = [];
        for (const { pixels } of scored) {
          using _scope = detector.gpu.scope();
          const [{ input }] = viewsOf({ pixels, mask: null }, 'none', settings.fusion.norm, CLIP_PIXELS);
          maps.push(new Float32Array((await images.score(detector.encode([input]))).fewMap));
        }
        return rangeOf(...maps);
      });
      memory.release();
      return ranges;
    };
    const memory = new SupportSet(detector, normal, abnormal);
    const found = await memory.withScorer(async ({ ranges }) => ranges!.fewMap);
    memory.release();
    const parted = [await rangesOf(normal, abnormal)];
    for (const [i, one] of normal.entries())
      parted.push(
        await rangesOf(
          normal.filter((_, k) => k !== i),
          [one],
        ),
      );
    detector.release();
    assert.deepEqual(found, [Math.min(...parted.map(([low]) => low)), Math.max(...parted.map(([, high]) => high))]);
    // With itself in the bank every normal image would be at distance 0.
    assert.isAbove(found[0], 1e-6);
  });
});
