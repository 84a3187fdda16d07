import { assert } from 'chai';
import { BranchScorer, blurMaps, FUSION_OPTIONS, fusionOptions, METHOD_PRESETS } from '../../src/fusion/index.ts';
import { gaussianTensor } from '../../src/fusion/initial.ts';
import { refineMaps } from '../../src/fusion/maps.ts';
import type { BranchModel } from '../../src/fusion/predict.ts';
import { presetTexts } from '../../src/fusion/presets.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { guidedUpsample } from '../../src/lab/reference/maps.ts';
import { Tensor } from '../../src/nn/index.ts';
import { TRAIN_OPTIONS } from '../../src/run/options.ts';
import { runSettings } from '../../src/run/run_config.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

/** Where each setting is held to a number that comes from elsewhere: a suite, and what it calls the case. */
const HELD: Readonly<Record<keyof typeof FUSION_OPTIONS | keyof typeof TRAIN_OPTIONS, readonly [string, string]>> = {
  method: ['fusion/settings', 'a method is what its description says'],
  compat: ['fusion/settings', 'compat sets what its program did'],
  size: ['fusion/golden', 'seg.60px'],
  act: ['fusion/golden', 'seg.act=gelu'],
  weights: ['train/settings', 'weights: the storage of the towers'],
  norm: ['fusion/golden', 'seg.norm=none'],
  layers: ['fusion/golden', 'seg.layers=2'],
  tokens: ['fusion/readings', 'pixel, tokens ln_post'],
  residual: ['fusion/readings', 'pixel, residual mvfa'],
  branches: ['fusion/golden', 'seg.branches=gal'],
  'branch.weights': ['fusion/readings', 'pixel, branch.weights 0.5,2'],
  'adapter.bias': ['fusion/readings', 'pixel, adapter.bias true'],
  'adapter.act': ['fusion/readings', 'image, adapter.act leaky_relu'],
  heads: ['fusion/readings', 'heads split'],
  prompt: ['fusion/golden', 'det.prompt=fixed'],
  'prompt.nctx': ['fusion/golden', 'seg.n_ctx=8'],
  'prompt.init': ['fusion/readings', 'image, prompt.init words:a medical scan'],
  'prompt.pos': ['fusion/readings', 'image, prompt.pos start'],
  'prompt.share': ['fusion/readings', 'image, prompt.share sentence'],
  'prompt.templates': ['fusion/readings', 'image, prompt.templates sample:2'],
  'prompt.object': ['fusion/readings', 'image, prompt.object retinal OCT'],
  'text.mean': ['medclip/method', "compat: 'medclip'"],
  temperature: ['fusion/readings', 'image, temperature 20'],
  'loss.det': ['fusion/golden', 'det.loss=margin'],
  'loss.region': ['fusion/readings', 'image, loss.region topk:5'],
  'loss.alpha': ['fusion/readings', 'image, loss.alpha 0.5,2'],
  'loss.detOnSeg': ['fusion/readings', 'pixel, loss.detOnSeg true'],
  'loss.focal.gamma': ['fusion/readings', 'pixel, loss.focal.gamma 1'],
  'loss.focal.alpha': ['fusion/readings', 'pixel, loss.focal.alpha 0.8'],
  'loss.focal.smooth': ['fusion/readings', 'pixel, loss.focal.smooth 0.05'],
  'loss.dice.smooth': ['fusion/readings', 'pixel, loss.dice.smooth 50'],
  'map.order': ['fusion/readings', 'pixel, map.order softmax'],
  'map.align': ['fusion/golden', 'seg.60px.align=centered'],
  'map.upsample': ['fusion/settings', 'map.upsample and map.guide'],
  'map.guide.radius': ['fusion/settings', 'map.upsample and map.guide'],
  'map.guide.space': ['fusion/settings', 'map.upsample and map.guide'],
  'map.guide.range': ['fusion/settings', 'map.upsample and map.guide'],
  'map.blur': ['fusion/readings', 'pixel, map.blur 1.5'],
  'memory.features': ['fusion/readings', 'pixel, memory.features adapted'],
  'memory.augment': ['train/settings', 'memory.augment: a mirrored support image'],
  'memory.cls': ['fusion/settings', 'memory.cls: a query'],
  fuse: ['fusion/readings', 'pixel, fuse calib'],
  'winclip.fuse': ['fusion/baselines', 'winclip'],
  'score.image': ['fusion/readings', 'pixel, score.image topk:100'],
  'score.cls': ['fusion/readings', 'pixel, score.cls april'],
  shots: ['train/settings', 'shots, shots.abnormal, aug, batch, epochs'],
  'shots.abnormal': ['train/settings', 'shots, shots.abnormal, aug, batch, epochs'],
  'shots.list': ['train/settings', 'shots.list, shots.index'],
  'shots.index': ['train/settings', 'shots.list, shots.index'],
  'shots.patients': ['data/shots', 'images of so many patients'],
  'volume.top': ['volume/to_score', 'the mean of the highest part of its slices'],
  'volume.smooth': ['volume/to_score', 'maps are smoothed by millimetres'],
  seed: ['train/settings', 'seed: another draw'],
  'split.seed': ['data/layout', 'by seed, each class by itself'],
  normal: ['data/real_layouts', "Kaggle's"],
  abnormal: ['data/real_layouts', 'a folder that may be no class is asked about'],
  skip: ['data/real_layouts', 'a folder that may be no class is asked about'],
  'mask.background': ['data/real_layouts', 'inverted ones are refused, and read with a flag'],
  'mask.orientation': ['data/orientation', 'a mask that fits turned and as stored is a question'],
  'mask.values': ['data/whole_set', 'codes of several things are said'],
  range: ['data/range', 'values of 10, 12, 14 and 16 bits give the picture of 8 bits'],
  group: ['data/patients', 'give one support image each'],
  window: ['volume/grey', 'auto: the own window of the files'],
  plane: ['volume/geometry', 'another plane takes the voxels as they are'],
  accept: ['volume/damaged_series', 'a good one is read'],
  volume: ['nifti/nifti', 'four dimensions'],
  bank: ['detect/support_bank', 'none: the support images come from the data set'],
  aug: ['train/settings', 'shots, shots.abnormal, aug, batch, epochs'],
  'lr.adapter': ['train/settings', 'lr.adapter and lr.prompt'],
  'lr.prompt': ['train/settings', 'lr.adapter and lr.prompt'],
  'lr.grid': ['train/settings', 'lr.grid: a rate that is tried'],
  betas: ['train/settings', 'after a step m² / v'],
  epochs: ['train/settings', 'shots, shots.abnormal, aug, batch, epochs'],
  batch: ['train/settings', 'shots, shots.abnormal, aug, batch, epochs'],
  parts: ['train/team', 'a batch is cut into parts'],
  select: ['train/settings', 'eval.every and select'],
  'eval.every': ['train/settings', 'eval.every and select'],
  'eval.batch': ['train/settings', 'eval.batch and eval.cache'],
  'eval.cache': ['train/settings', 'eval.batch and eval.cache'],
  'checkpoint.every': ['train/settings', 'checkpoint.every: after so many steps'],
  'map.files': ['train/settings', 'map.files: raw maps'],
};

/** The recommended defaults of the ambiguity table, and those that the help names. */
const DEFAULTS: Readonly<Record<string, string>> = {
  size: '240',
  'prompt.nctx': '8',
  temperature: '100',
  'loss.focal.gamma': '2',
  'loss.focal.smooth': '0.00001',
  'loss.dice.smooth': '1',
  'loss.alpha': '1,1',
  'branch.weights': '1,1',
  'map.blur': '0',
  'map.guide.radius': '14',
  'map.guide.space': '7',
  'map.guide.range': '0.1',
  shots: '4',
  'shots.abnormal': '4',
  'shots.index': '0',
  'lr.adapter': '0.001',
  'lr.prompt': '0.001',
  betas: '0.5,0.999',
  epochs: '50',
  batch: '16',
  parts: '1',
  'eval.every': '5',
  'eval.batch': '8',
  'eval.cache': '2048',
  'checkpoint.every': '100',
  ...{ act: 'auto', weights: 'auto', norm: 'clip', tokens: 'raw', residual: 'none', heads: 'shared', fuse: 'april' },
  ...{ 'adapter.bias': 'false', 'adapter.act': 'relu', 'loss.det': 'prob', 'loss.region': 'all', aug: 'mvfa' },
  ...{ 'loss.detOnSeg': 'false', 'loss.focal.alpha': 'null', 'map.order': 'upsample', 'map.align': 'true' },
  ...{ prompt: 'learnable', 'prompt.init': 'normal', 'prompt.pos': 'object', 'prompt.share': 'class', select: 'valid' },
  ...{ 'prompt.templates': 'one', 'prompt.object': 'auto', 'map.upsample': 'bilinear', 'memory.features': 'raw' },
  ...{ 'memory.augment': 'false', 'memory.cls': 'false', 'score.image': 'auto', 'score.cls': 'none', seed: '0' },
  ...{ layers: '', branches: 'gal,loc', 'text.mean': 'embeddings', 'winclip.fuse': 'mean', 'map.files': 'npy' },
  ...{ method: 'fusionclip', compat: 'none', 'shots.list': 'null', 'split.seed': '0', 'lr.grid': '' },
  ...{ normal: '', abnormal: '', skip: '', 'mask.background': 'auto', group: 'null', bank: 'features' },
  ...{ 'mask.orientation': 'auto', 'mask.values': 'null', range: 'auto' },
  ...{ window: 'auto', plane: 'auto', accept: '', volume: 'null' },
  ...{ 'shots.patients': 'null', 'volume.top': '0.05', 'volume.smooth': '3' },
};

/** What `compat` makes of a method: the settings that differ from the method's own. */
const COMPAT: readonly (readonly [method: string, compat: string, settings: Record<string, string>])[] = [
  ['fusionclip', 'mvfa', { act: 'gelu', norm: 'none', 'loss.det': 'mvfa', fuse: 'mvfa', batch: '1' }],
  [
    'fusionclip',
    'mvfa+oracle',
    { act: 'gelu', norm: 'none', 'loss.det': 'mvfa', fuse: 'mvfa', batch: '1', select: 'test-oracle' },
  ],
  ['mvfa', 'mvfa', { act: 'gelu', norm: 'none', 'loss.det': 'mvfa', fuse: 'mvfa', batch: '1', 'memory.cls': 'true' }],
  ['april-gan', 'april-gan', { act: 'gelu', 'score.cls': 'april', batch: '8', aug: 'none' }],
  ['winclip+', 'accurate', { 'winclip.fuse': 'sum' }],
  ['winclip+', 'anomalib', { tokens: 'ln_post' }],
  ['medclip', 'medclip', { 'text.mean': 'cosines' }],
];

/** All settings of a run as texts. */
function valuesOf(given: Record<string, string>): Record<string, string> {
  const { fusion, train } = runSettings(given);
  return Object.fromEntries(Object.entries({ ...fusion, ...train }).map(([name, value]) => [name, String(value)]));
}

/** What differs between two runs' settings. */
function difference(a: Record<string, string>, b: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(b).filter(([name, value]) => a[name] !== value));
}

/** A model of one layer whose rows are given: class tokens and patches of 2 numbers. */
function plainModel(gpu: Gpu, withCls: string): { model: BranchModel; rows: (list: number[]) => GpuArray } {
  const rows = (list: number[]) => GpuArray.from(gpu, Float32Array.from(list), [list.length / 2, 2]);
  const model: BranchModel = {
    options: fusionOptions({ 'memory.cls': withCls }),
    geometry: { grid: 1, size: 2, patch: 2, std: [1, 1, 1] },
    textFeatures: () => null,
    logits: () => [],
    bankRows: (features, cls) => {
      const tokens = features.get(1)!;
      return new Map([['1', cls ? tokens.cls.value : tokens.patches.value]]);
    },
  };
  return { model, rows };
}

suite('every setting', () => {
  test('is held to a number somewhere', async (t) => {
    assert.sameMembers(Object.keys(HELD), [...Object.keys(FUSION_OPTIONS), ...Object.keys(TRAIN_OPTIONS)]);
    const files = new Map<string, string>();
    for (const [name, [file, text]] of Object.entries(HELD)) {
      if (!files.has(file)) files.set(file, new TextDecoder().decode(await t.fixture(`${file}.suite.ts`)));
      assert.include(files.get(file), text, `${name} in ${file}`);
    }
  });

  test('has the default of the ambiguity table', () => {
    const values = valuesOf({});
    assert.sameMembers(Object.keys(values), Object.keys(DEFAULTS));
    for (const [name, text] of Object.entries(DEFAULTS)) {
      const number = Number(text);
      const expected = text !== '' && Number.isFinite(number) ? String(number) : text;
      assert.equal(values[name], expected, name);
    }
  });

  for (const [method, compat, settings] of COMPAT) {
    test(`compat sets what its program did: ${method}, ${compat}`, () => {
      const changed = difference(valuesOf({ method }), valuesOf({ method, compat }));
      assert.deepEqual(changed, { compat, ...settings });
      // What a user gives counts all the same.
      const [name, other] = 'act' in settings ? ['act', 'quickgelu'] : ['score.image', 'mean'];
      assert.equal(valuesOf({ method, compat, [name]: other })[name], other);
    });
  }

  test('a method is what its description says', () => {
    const own = (method: string) => difference(valuesOf({}), valuesOf({ method }));
    assert.deepEqual(own('single-fusion'), { method: 'single-fusion', branches: 'gal' });
    assert.deepEqual(own('single-patch'), { method: 'single-patch', branches: 'loc' });
    assert.deepEqual(own('fixed-prompt'), { method: 'fixed-prompt', prompt: 'fixed' });
    assert.deepEqual(own('layers:6,12'), { method: 'layers:6,12', layers: '6,12' });
    const scale = { temperature: String(1 / 0.07), 'map.align': 'false' };
    assert.deepEqual(own('winclip'), { method: 'winclip', ...scale });
    assert.deepEqual(own('winclip+'), { method: 'winclip+', ...scale });
    assert.deepEqual(own('april-gan'), { method: 'april-gan', 'score.cls': 'add' });
    const mvfa = { 'loss.detOnSeg': 'true', 'memory.augment': 'true', fuse: 'mean' };
    assert.deepEqual(own('mvfa'), { method: 'mvfa', ...mvfa });
    assert.deepEqual(own('medclip'), { method: 'medclip', size: '224', norm: 'medclip' });
    for (const method of ['clip-text', 'clip-memory', 'clip-both']) assert.deepEqual(own(method), { method });
    const untrained = Object.keys(METHOD_PRESETS).filter((name) => !METHOD_PRESETS[name].trained);
    assert.sameMembers(untrained, ['clip-text', 'clip-memory', 'clip-both', 'winclip', 'winclip+', 'medclip']);
    assert.deepEqual(presetTexts('fusionclip', 'none').training, {});
  });
});

suite('settings with a number worked out by hand', () => {
  for (const [withCls, distance] of [
    ['false', 1],
    ['true', 0],
  ] as const) {
    test(`memory.cls: a query that is a class token has distance ${distance} with ${withCls}`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const { model, rows } = plainModel(gpu, withCls);
      const predictor = new BranchScorer(gpu, model);
      // The class token points along x, its patch along y: 1 − cos is 0 with itself, 1 with the other.
      const encoded = (cls: number[], patch: number[]) => ({
        features: new Map([[1, { cls: new Tensor(rows(cls)), patches: new Tensor(rows(patch).reshape([1, 1, 2])) }]]),
      });
      predictor.remember(encoded([3, 0], [0, 2]));
      const { fewGrid, fewMap, fewMean, zeroPeak } = await predictor.score(encoded([0, 1], [5, 0]));
      assert.deepEqual([...fewGrid, ...fewMean, zeroPeak], [distance, distance, 0]);
      assert.deepEqual([...fewMap], new Array(4).fill(distance));
      predictor.release();
    });
  }

  test('a bank keeps its entries apart, adds its keys up, and takes the nearest of all rows', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const { model, rows } = plainModel(gpu, 'false');
    const two: BranchModel = {
      ...model,
      bankRows: (features) => new Map([1, 2].map((k) => [String(k), features.get(k)!.patches.value])),
    };
    const predictor = new BranchScorer(gpu, two);
    const encoded = (first: number[], second: number[]) => ({
      features: new Map(
        [first, second].map((list, i) => [
          i + 1,
          { cls: new Tensor(rows([1, 1])), patches: new Tensor(rows(list).reshape([1, 1, 2])) },
        ]),
      ),
    });
    predictor.remember(encoded([1, 0], [0, 1]));
    predictor.remember(encoded([0, 1], [-1, 0]));
    const query = encoded([4, 3], [4, 3]);
    // cos with (1, 0) is 0.8 and with (0, 1) is 0.6: 0.2 in the first key; 0.6 and −0.8: 0.4 in the second.
    assertClose((await predictor.score(query)).fewGrid, [0.6], { absolute: 1e-6 });
    // Without the first entry 1 − 0.6 and 1 + 0.8; without the second 1 − 0.8 and 1 − 0.6.
    assertClose((await predictor.score(query, 0)).fewGrid, [2.2], { absolute: 1e-6 });
    assertClose((await predictor.score(query, 1)).fewGrid, [0.6], { absolute: 1e-6 });
    predictor.release();
  });

  for (const [norm, std, deviation] of [
    ['none', [0.5], 1],
    // The mean of CLIP's three deviations, and MedCLIP's one.
    ['clip', [0.26862954, 0.26130258, 0.27577711], (0.26862954 + 0.26130258 + 0.27577711) / 3],
    ['medclip', [0.27950088968644304], 0.27950088968644304],
  ] as const) {
    test(`map.upsample and map.guide.*: the window in pixels and in grey values, norm ${norm}`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const [batch, side] = [2, 11];
      const map = noise(1, batch * side * side, 2);
      const guide = noise(2, 3 * map.length);
      const arrays = [GpuArray.from(gpu, map, [map.length, 1]), GpuArray.from(gpu, guide, [batch, 3, side, side])];
      const refined = (given: Record<string, string>) =>
        refineMaps(arrays[0], arrays[1], fusionOptions({ norm, ...given }), std);
      assert.strictEqual(refined({}), arrays[0]);
      for (const [radius, space, range] of [
        [14, 7, 0.1],
        [3, 7, 0.1],
        [14, 2, 0.1],
        [14, 7, 0.4],
      ]) {
        const given = { 'map.guide.radius': radius, 'map.guide.space': space, 'map.guide.range': range };
        const texts = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
        const expected = guidedUpsample(map, guide, [batch, side, side], { radius, space, range: range / deviation });
        const actual = await refined({ 'map.upsample': 'guided', ...texts }).read();
        assertClose(actual, expected, { absolute: 2e-5 }, JSON.stringify(given));
      }
    });
  }

  test('map.blur: three pixels of a line by hand', () => {
    // σ = 1/4 reaches ⌈4σ⌉ = 1 pixel: weights e^(−8), 1, e^(−8); a line of 2 reflects to a a b b. Rows and columns alike.
    const [e, sum] = [Math.exp(-8), 1 + 2 * Math.exp(-8)];
    const across = (near: number, far: number) => ((1 + e) * near + e * far) / sum;
    const [top, bottom] = [across(1, 2), across(2, 1)];
    assertClose(blurMaps(Float32Array.of(1, 2, 1, 2), 2, 0.25), [top, bottom, top, bottom], { absolute: 1e-7 });
    assertClose(blurMaps(Float32Array.of(1, 1, 2, 2), 2, 0.25), [top, top, bottom, bottom], { absolute: 1e-7 });
  });

  test('prompt.init normal: mean, deviation and tails of a normal distribution', () => {
    const values = gaussianTensor('prompt.test', [100, 200], 5, 0.02);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const square = values.reduce((a, b) => a + b * b, 0) / values.length;
    // 20,000 draws: the mean lies within 4 / √20000 = 0.028 deviations, the square within 4 √(2 / 20000) = 4 %.
    assert.closeTo(mean / 0.02, 0, 0.028);
    assert.closeTo(square / 0.02 ** 2, 1, 0.04);
    // 31.7 % lie outside of one deviation, 4.55 % outside of two.
    const beyond = (deviations: number) => values.filter((v) => Math.abs(v) > 0.02 * deviations).length / values.length;
    assert.closeTo(beyond(1), 0.317, 0.014);
    assert.closeTo(beyond(2), 0.0455, 0.006);
  });
});
