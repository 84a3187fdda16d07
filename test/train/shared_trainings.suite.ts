import { assert } from 'chai';
import { runSettings } from '../../src/run/run_config.ts';
import { SharedTrainings } from '../../src/train/index.ts';
import { trainingKey } from '../../src/train/shared_trainings.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { ruleSet } from './rule_set.ts';
import { contextOf, metricsOf, smallRun, smallSettings, textOf, tinyBackbone } from './small_run.ts';

/** Ways to choose weights, and settings that inference alone reads. */
const CASES: readonly (readonly [select: string, variant: Readonly<Record<string, string>>])[] = [
  ['valid', { fuse: 'calib', 'score.image': 'topk:20', 'score.cls': 'add' }],
  [
    'valid',
    { 'map.upsample': 'guided', 'map.guide.radius': '3', 'memory.augment': 'true', 'memory.features': 'adapted' },
  ],
  ['last', { fuse: 'calib' }],
  ['test-oracle', { 'score.image': 'topk:20' }],
];

suiteInTurn('shared trainings', () => {
  for (const [select, variant] of CASES) {
    test(`give the bits of a training of one's own: select ${select}, ${Object.keys(variant)}`, async (t) => {
      const gpu = await t.gpu();
      const trainings = new SharedTrainings(2 ** 30);
      await smallRun(contextOf(gpu, ruleSet(), { trainings }), { select }, '/first');
      assert.equal(trainings.hits, 0);
      const [alone, shared] = [contextOf(gpu, ruleSet()), contextOf(gpu, ruleSet(), { trainings })];
      const own = await smallRun(alone, { select, ...variant });
      const other = await smallRun(shared, { select, ...variant });
      assert.equal(trainings.hits, 1);
      assert.deepEqual(other.results, own.results);
      assert.deepEqual(other.scored, own.scored);
      assert.deepEqual(metricsOf(shared.fs), metricsOf(alone.fs));
      for (const file of ['best', 'last', 'adapters']) {
        const path = `/run/checkpoint/${file}.safetensors`;
        assert.deepEqual(shared.fs.files.get(path), alone.fs.files.get(path), file);
      }
      assert.equal(JSON.parse(textOf(shared.fs, '/run/env.json')).trainedBy, '/first');
      assert.notProperty(JSON.parse(textOf(alone.fs, '/run/env.json')), 'trainedBy');
    });
  }

  test('with residual adapters and a grid of learning rates it is the same', async (t) => {
    const gpu = await t.gpu();
    const trainings = new SharedTrainings(2 ** 30);
    const settings = { method: 'mvfa', 'lr.grid': '0.001,0.01' };
    await smallRun(contextOf(gpu, ruleSet(), { trainings }), settings);
    const changed = { ...settings, 'score.image': 'topk:20' };
    const own = await smallRun(contextOf(gpu, ruleSet()), changed);
    const other = await smallRun(contextOf(gpu, ruleSet(), { trainings }), changed);
    assert.equal(trainings.hits, 2);
    assert.deepEqual(other.results, own.results);
  });

  test('what training depends on is not shared', async (t) => {
    const gpu = await t.gpu();
    const trainings = new SharedTrainings(2 ** 30);
    const run = (settings: Record<string, string>) => smallRun(contextOf(gpu, ruleSet(), { trainings }), settings);
    await run({ epochs: '1' });
    const others: Record<string, string>[] = [
      { seed: '1' },
      { shots: '1' },
      { 'lr.adapter': '0.01' },
      { heads: 'split' },
      { method: 'april-gan' },
    ];
    for (const changed of others) await run({ epochs: '1', ...changed });
    assert.equal(trainings.hits, 0);
  });

  test('a key is of all that a training depends on', async () => {
    const { fusion, train } = runSettings(smallSettings());
    const model = (await tinyBackbone()).identity;
    const header = { fusion, train, kind: 'pixel', object: 'Brain', model, data: { path: '/a' } };
    const others = [
      { ...header, data: { path: '/b' } },
      { ...header, object: 'Knee' },
      { ...header, kind: 'image' },
      { ...header, fusion: { ...fusion, method: 'april-gan' } },
      { ...header, train: { ...train, seed: train.seed + 1 } },
    ];
    const keys = [header, ...others].map((one) => trainingKey(one as never, 0));
    assert.lengthOf(new Set([...keys, trainingKey(header as never, 1)]), 7);
  });

  test('the oldest training is forgotten when there is no room for one more', async (t) => {
    const gpu = await t.gpu();
    const weights = new Map([['w', new Float32Array(100)]]);
    const training = { folder: '/run', epochs: [{ steps: [], weights }] };
    const trainings = new SharedTrainings(1000);
    for (const key of ['a', 'b', 'c']) trainings.keep(key, training);
    assert.deepEqual(
      ['a', 'b', 'c'].map((key) => trainings.find(key) !== null),
      [false, true, true],
    );
    const none = new SharedTrainings(0);
    await smallRun(contextOf(gpu, ruleSet(), { trainings: none }), { epochs: '1' });
    await smallRun(contextOf(gpu, ruleSet(), { trainings: none }), { epochs: '1', fuse: 'calib' }, '/other');
    assert.equal(none.hits, 0);
  });
});
