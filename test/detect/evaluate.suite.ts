import { assert } from 'chai';
import { allSteps } from '../../src/base/steps.ts';
import { evaluateRun } from '../../src/detect/evaluate_run.ts';
import { mapNames } from '../../src/detect/map_names.ts';
import { predictImages } from '../../src/detect/predict.ts';
import { toCsv } from '../../src/detect/predictions.ts';
import type { ScoredImage } from '../../src/detect/scoring.ts';
import { chooseThresholds, evaluateScores, intensityInSteps } from '../../src/detect/set_metrics.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { ruleSet } from '../train/rule_set.ts';
import { contextOf, smallRun, textOf, tinyBackbone } from '../train/small_run.ts';

/** A scored image of 2×2 pixels. */
function scored(id: string, label: 0 | 1, map: number[], mask: number[] | null): ScoredImage {
  const [score] = map.toSorted((a, b) => b - a);
  const scoreMean = map.reduce((a, b) => a + b, 0) / map.length;
  return {
    id,
    label,
    mask: mask && Uint8Array.from(mask),
    grey: Uint8Array.from([0, 10, 20, 30]),
    trivial: { mean: score, std: -score, p995: 0 },
    map: Float32Array.from(map),
    score,
    scoreMax: score,
    scoreMean,
  };
}

suiteInTurn('evaluation', () => {
  test('thresholds, decisions and Dice of four small maps', () => {
    const valid = [scored('a', 0, [1, 1, 2, 3], null), scored('b', 1, [1, 4, 5, 6], [0, 1, 1, 1])];
    const thresholds = chooseThresholds({ size: 2, images: valid }, 'pixel', 'valid');
    assert.deepEqual(thresholds.image, { value: 6, f1: 1, from: 'valid' });
    assert.deepEqual(thresholds.pixel, { value: 4, f1: 1, from: 'valid' });
    const images = [scored('c', 0, [1, 1, 1, 4], null), scored('d', 1, [0, 3, 6, 7], [0, 1, 1, 0])];
    const evaluated = evaluateScores({ size: 2, images }, 'pixel', thresholds);
    assert.deepEqual(evaluated.images, { normal: 1, abnormal: 1 });
    assert.equal(evaluated.image.auroc, 1);
    assert.deepEqual(evaluated.imageThreshold, {
      ...thresholds.image!,
      f1: 1,
      accuracy: 1,
      sensitivity: 1,
      specificity: 1,
    });
    // Called: one pixel of c, two of d; lesion: two of d; one in common.
    assert.closeTo(evaluated.pixelThreshold!.dice, 2 / 5, 1e-12);
    assert.closeTo(evaluated.pixelThreshold!.diceMean, 2 / 4, 1e-12);
    // Three pixels of each image are not black.
    assert.equal(evaluated.foreground!.positives + evaluated.foreground!.negatives, 6);
    const trivial = allSteps(intensityInSteps({ size: 2, images }, 'pixel'))!;
    assert.equal(trivial.mean.auroc, 1);
    assert.deepInclude(trivial.std, { auroc: 1, reversed: true });
    assert.equal(trivial.map!.positives, 2);
    assert.isNull(chooseThresholds({ size: 2, images: valid.slice(1) }, 'pixel', 'valid').image);
  });

  test('a score that is the threshold is predicted abnormal', () => {
    const threshold = { value: 4, f1: 1, from: 'valid' } as const;
    const images = [scored('a', 0, [0, 0, 0, 4], null), scored('b', 1, [0, 3, 4, 7], [0, 1, 1, 0])];
    const evaluated = evaluateScores({ size: 2, images }, 'pixel', { image: threshold, pixel: threshold });
    // Both images are called: one hit, one false alarm. F1 = 2 / (2 + 1).
    assert.deepInclude(evaluated.imageThreshold, { f1: 2 / 3, accuracy: 0.5, sensitivity: 1, specificity: 0 });
    // Called: one pixel of a, two of b; lesion: two of b; one in common.
    assert.closeTo(evaluated.pixelThreshold!.dice, 2 / 5, 1e-12);
    assert.closeTo(evaluated.pixelThreshold!.diceMean, 2 / 4, 1e-12);
  });

  test('the selection never looks at test', async (t) => {
    const fs = ruleSet();
    let looked = 0;
    let reads: readonly string[] = [];
    const context = contextOf(await t.gpu(), fs, {
      onEvent: (event) => {
        // Before anything is made of them, all images are looked at for damage.
        if (event.type === 'stage' && event.what === 'a look at the images') looked = fs.reads.length;
        if (event.type === 'eval') reads = fs.reads.slice(looked);
      },
    });
    const { results } = await smallRun(context);
    assert.isAbove(looked, 0);
    assert.isAbove(reads.length, 0);
    assert.deepEqual(
      reads.filter((path) => path.includes('/test/')),
      [],
    );
    const evals = context.events.filter((event) => event.type === 'eval');
    assert.deepEqual(
      evals.map(({ on }) => on),
      ['valid', 'valid', 'valid'],
    );
    const best = Math.max(...evals.map(({ score }) => score.value));
    assert.equal(results.selection?.score?.value, best);
    assert.equal(results.selected.epoch, evals.find(({ score }) => score.value === best)!.epoch);
  });

  test('the oracle is marked as such wherever its numbers stand', async (t) => {
    const context = contextOf(await t.gpu(), ruleSet('image'));
    const { results } = await smallRun(context, { select: 'test-oracle', prompt: 'fixed' });
    assert.equal(results.selectedBy, 'test-oracle');
    assert.match(results.warning!, /upper bound/);
    assert.isTrue(context.events.some((event) => event.type === 'note' && /test labels/.test(event.text)));
    const evals = context.events.filter((event) => event.type === 'eval');
    assert.isTrue(evals.every(({ on }) => on === 'test-oracle'));
  });

  test('without remaining valid images the last weights and thresholds of the support set are taken', async (t) => {
    const context = contextOf(await t.gpu(), ruleSet('pixel', 2));
    const { results } = await smallRun(context, { prompt: 'fixed' });
    assert.equal(results.selectedBy, 'last');
    assert.equal(results.selected.epoch, 3);
    assert.equal(results.selected.imageThreshold?.from, 'support');
    assert.equal(results.selected.pixelThreshold?.from, 'support');
    const [storage, data, settings, ...notes] = context.events.filter((event) => event.type === 'note');
    assert.match(data.text, /^\/Brain_AD: layout bmad, pixel-level/);
    assert.match(storage.text, /^weights: .*lossless/);
    assert.match(settings.text, /^Settings: /);
    assert.lengthOf(notes, 2);
  });

  test('of several learning rates the best on the remaining valid images stays', async (t) => {
    const context = contextOf(await t.gpu(), ruleSet());
    const { results } = await smallRun(context, { 'lr.grid': '0.0001,0.01', select: 'last', prompt: 'fixed' });
    const evals = context.events.filter((event) => event.type === 'eval');
    assert.deepEqual(
      evals.map(({ rate }) => rate),
      [0.0001, 0.01],
    );
    const best = evals[0].score.value >= evals[1].score.value ? evals[0] : evals[1];
    assert.equal(results.selected.rate, best.rate);
    assert.equal(results.selected.epoch, 3);
  });

  // Every way to score, through a whole run and back from its file.
  for (const settings of [
    { fuse: 'calib' },
    { fuse: 'mvfa', 'score.cls': 'april' },
    { 'memory.features': 'adapted', 'memory.augment': 'true', 'memory.cls': 'true' },
    { residual: 'mvfa', fuse: 'calib' },
    { heads: 'split', 'loss.detOnSeg': 'true', 'adapter.bias': 'true', aug: 'mvfa', epochs: '1' },
    { compat: 'mvfa', tokens: 'ln_post', 'map.blur': '1', epochs: '1' },
  ] as Record<string, string>[]) {
    const name = Object.entries(settings).map(([key, value]) => `${key} ${value}`);
    test(`predict and eval agree with the run: ${name.join(', ')}`, async (t) => {
      const fs = ruleSet();
      const context = contextOf(await t.gpu(), fs);
      const prompt: Record<string, string> = settings.epochs ? {} : { prompt: 'fixed', epochs: '2' };
      const { results } = await smallRun(context, { ...prompt, ...settings });
      const model = await tinyBackbone();
      const folder = '/Brain_AD/test';
      const { images: rows } = await predictImages(context, {
        paths: [folder],
        adapters: '/run',
        model,
        out: '/out',
        maps: 'png16',
      });
      const strip = (csv: string) => csv.split('\n').map((line) => line.replace(/^[^,]*,\d?,/, ''));
      const unlabelled = rows.map((row) => ({ ...row, label: null }));
      assert.deepEqual(strip(toCsv(unlabelled)), strip(textOf(fs, '/run/predictions.csv')));
      assert.isTrue(fs.files.has('/out/predictions.json'));
      assert.isTrue(fs.files.has('/out/maps/Ungood/img/0.map.png'));
      assert.equal([...fs.files.keys()].filter((path) => path.startsWith('/out/maps/')).length, 16);
      const evaluated = await evaluateRun(context, { adapters: '/run', model, out: '/eval' });
      const { epoch: _, step: __, rate: ___, ...selected } = results.selected;
      assert.deepEqual({ ...evaluated }, { ...evaluated, ...selected });
    });
  }

  test('weights are refused for another backbone', async (t) => {
    const fs = ruleSet();
    const context = contextOf(await t.gpu(), fs);
    await smallRun(context, { prompt: 'fixed', epochs: '1' });
    const paths = ['/Brain_AD/test'];
    await expectFailure('bad_model', [/trained on tiny/, /--model/], async () =>
      predictImages(context, { paths, adapters: '/run', model: await tinyBackbone(2), out: null }),
    );
  });

  test('a run with masks is evaluated on labels alone by its image scores, which are those with masks', async (t) => {
    const fs = ruleSet();
    const context = contextOf(await t.gpu(), fs);
    const { results } = await smallRun(context, { prompt: 'fixed', epochs: '1' });
    for (const [path, bytes] of [...fs.files]) {
      const [, place, file] = /^\/Brain_AD\/(.*)\/img\/(.*)$/.exec(path) ?? [];
      if (place) await fs.writeFile(`/Labels/${place}/${file}`, bytes);
    }
    const model = await tinyBackbone();
    const evaluated = await evaluateRun(context, { adapters: '/run', model, data: '/Labels', out: null });
    assert.equal(evaluated.kind, 'image');
    assert.isNull(evaluated.pixel);
    assert.deepEqual(evaluated.image, results.selected.image);
    assert.deepEqual(evaluated.imageThreshold, results.selected.imageThreshold);
  });

  test('map files are named after their images and stay in their folder', () => {
    assert.deepEqual(mapNames(['test/a.png', '/b/../c.jpg', 'd/x.png', 'd/x.jpg']), [
      'test/a',
      'b/c',
      'd/x.png',
      'd/x.jpg',
    ]);
  });
});
