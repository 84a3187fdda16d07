import { assert } from 'chai';
import { pixelStatistics } from '../../src/clip/index.ts';
import { openAdapters } from '../../src/detect/adapters_file.ts';
import type { Backbone } from '../../src/detect/backbone.ts';
import { evaluateTrained } from '../../src/detect/evaluate_run.ts';
import { predictImages } from '../../src/detect/predict.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { trainRun } from '../../src/train/index.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { ruleSet } from '../train/rule_set.ts';
import { contextOf, smallSettings, textOf, tinyBackbone } from '../train/small_run.ts';

/** The tiny model, said to normalise its images with other numbers than CLIP's. */
async function backboneWith(mean: readonly number[], std: readonly number[], act?: 'gelu'): Promise<Backbone> {
  const plain = await tinyBackbone();
  const config = { ...plain.weights.config, ...(act && { act }), pixels: { mean, std } };
  const { weights } = plain;
  return {
    ...plain,
    weights: { config, read: (name) => weights.read(name), readRows: (name, rows) => weights.readRows(name, rows) },
    identity: { ...plain.identity, config },
  };
}

async function scoresOf(gpu: Gpu, model: Backbone, settings: Record<string, string>) {
  const fs = ruleSet();
  const context = contextOf(gpu, fs);
  const outcome = await trainRun(context, { data: '/Brain_AD', model, out: '/run', settings: smallSettings(settings) });
  const scores = outcome.scored.images.map(({ score }) => score);
  return { fs, context, scores, losses: textOf(fs, '/run/metrics.jsonl').match(/"loss":[^,]*/g) };
}

suiteInTurn("a model's own statistics of images", () => {
  const CASES: readonly Record<string, string>[] = [
    { epochs: '1', aug: 'mvfa', batch: '22', 'map.upsample': 'guided' },
    { method: 'winclip+' },
  ];
  for (const more of CASES) {
    const name = more.method ?? 'fusionclip';
    test(`mean 0 and deviation 1 give the bits of norm none in training and scoring: ${name}`, async (t) => {
      const gpu = await t.gpu();
      const own = await scoresOf(gpu, await backboneWith([0, 0, 0], [1, 1, 1]), more);
      const none = await scoresOf(gpu, await tinyBackbone(), { ...more, norm: 'none' });
      const usual = await scoresOf(gpu, await tinyBackbone(), more);
      assert.deepEqual(own.scores, none.scores);
      assert.deepEqual(own.losses, none.losses);
      assert.notDeepEqual(own.scores, usual.scores);
    });
  }

  test('travel with the run, and stay when its folder says others later', async (t) => {
    const gpu = await t.gpu();
    const model = await backboneWith([0.5, 0.5, 0.5], [0.5, 0.25, 0.5]);
    const { fs, context, scores } = await scoresOf(gpu, model, {});
    const { pixels } = JSON.parse(textOf(fs, '/run/config.json')).model.config;
    assert.deepEqual(pixels, { mean: [0.5, 0.5, 0.5], std: [0.5, 0.25, 0.5] });
    const { header } = await openAdapters(fs, '/run/checkpoint/adapters.safetensors');
    assert.deepEqual('act' in header.model.config ? pixelStatistics(header.model.config) : null, pixels);

    const changed = await backboneWith([0, 0, 0], [1, 1, 1], 'gelu');
    const { scored } = await evaluateTrained(context, { adapters: '/run', model: changed });
    assert.deepEqual(
      scored.images.map(({ score }) => score),
      scores,
    );
    const told = context.events.filter(({ type }) => type === 'note').map((event) => JSON.stringify(event));
    assert.match(told.join(), /says activation gelu, mean 0,0,0, .* was trained with activation quickgelu, mean 0.5,/);
    const {
      images: [row],
    } = await predictImages(context, {
      adapters: '/run',
      model: changed,
      out: null,
      paths: ['/Brain_AD/test/Ungood/img/0.png'],
    });
    const index = scored.images.findIndex(({ id }) => id.endsWith('Ungood/img/0.png'));
    assert.approximately(row.score, scores[index], 1e-6);
  });
});
