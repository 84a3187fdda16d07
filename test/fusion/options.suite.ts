import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import { GeneratedClipModel, presetConfig, TextTower, Tokenizer, VisionTower } from '../../src/clip/index.ts';
import { rangesOf } from '../../src/fusion/fuse.ts';
import {
  blurMaps,
  extractFeatures,
  FusionModel,
  fuseScores,
  fusionOptions,
  Predictor,
  tappedLayers,
} from '../../src/fusion/index.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { addInto, fill } from '../../src/kernels/elementwise.ts';
import { Tape } from '../../src/nn/index.ts';
import { pictures } from '../golden/pictures.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

/** Readings that the reference results do not cover, each with the kind of set that it concerns. */
const READINGS: readonly [Record<string, string>, 'pixel' | 'image'][] = [
  [{ residual: 'mvfa' }, 'pixel'],
  [{ residual: 'mvfa', 'adapter.act': 'leaky_relu' }, 'image'],
  [{ 'adapter.bias': 'true' }, 'pixel'],
  [{ 'adapter.act': 'none' }, 'image'],
  [{ heads: 'split', 'loss.detOnSeg': 'true', 'loss.alpha': '0.5,2' }, 'pixel'],
  [{ 'prompt.share': 'branch' }, 'image'],
  [{ 'prompt.share': 'sentence' }, 'image'],
  [{ 'prompt.pos': 'start', 'prompt.init': 'words:a medical scan' }, 'image'],
  [{ 'prompt.templates': 'sample:2', 'prompt.init': 'normal' }, 'image'],
  [{ 'loss.region': 'topk:5' }, 'image'],
  [{ 'map.order': 'softmax', 'loss.focal.alpha': '0.8', 'loss.focal.gamma': '1' }, 'pixel'],
];

/** Loss of a small model under a reading, with what is needed to move its parameters. */
async function makeModel(gpu: Gpu, given: Record<string, string>, kind: 'pixel' | 'image') {
  const options = fusionOptions({
    size: '56',
    layers: given.residual ? '1,3' : '2',
    'prompt.nctx': '3',
    temperature: '10',
    ...given,
  });
  const weights = new GeneratedClipModel(presetConfig('T'), 3);
  const vision = await VisionTower.load(gpu, weights, { size: 56, lastLayer: 3 });
  const text = await TextTower.load(gpu, weights);
  const tokenizer = await Tokenizer.openai();
  const model = await FusionModel.create({ gpu, vision, text, tokenizer, options, kind, object: 'Liver', seed: 3 });
  const shown = pictures(
    [
      ['normal', 0],
      ['abnormal', 2],
    ],
    3,
    56,
    'winclip',
  );
  const images = GpuArray.from(gpu, shown.images, [2, 3, 56, 56]).keep();
  const targets = {
    label: GpuArray.from(gpu, shown.labels, [2]).keep(),
    mask: kind === 'pixel' ? GpuArray.from(gpu, shown.masks, [2, 56, 56]).keep() : null,
  };
  const features = () =>
    model.residual
      ? model.residualFeatures(images)
      : extractFeatures(vision, images, { layers: model.layers, tokens: 'raw' }).features;
  const loss = () => model.loss(features(), targets);
  const release = () => {
    model.release();
    vision.release();
    text.release();
    images.release();
    targets.label.release();
    targets.mask?.release();
  };
  return { model, features, loss, release };
}

suite('readings of the method', () => {
  for (const [given, kind] of READINGS) {
    const name = Object.entries(given)
      .map(([key, value]) => `${key} ${value}`)
      .join(', ');
    test(`${name} (${kind}): gradients follow the loss`, async (t) => {
      const gpu = await t.gpu();
      const { model, loss, release } = await makeModel(gpu, given, kind);
      try {
        using _scope = gpu.scope();
        const tape = new Tape();
        const { total } = tape.record(loss);
        tape.backward(total, fill([1], 1, gpu));
        for (const group of ['adapter', 'prompt', 'return']) {
          const members = model.parameters.filter(({ name: n }) =>
            group === 'return' ? n.includes('return') : n.startsWith(group) && !n.includes('return'),
          );
          if (members.length === 0) continue;
          // Along the gradient itself the loss must change by step · ‖g‖²: float32 leaves about 1 % of noise.
          let square = 0;
          for (const p of members) {
            assert.isNotNull(p.grad, `${p.name} gets a gradient`);
            for (const g of await p.grad!.read()) square += g * g;
          }
          assert.isAbove(square, 0, group);
          const step = 2e-3 / square;
          const at = async (shift: number) => {
            for (const p of members) addInto(p.value, p.grad!, shift);
            return (await loss().total.read())[0];
          };
          const high = await at(step);
          const low = await at(-2 * step);
          await at(step);
          assert.closeTo((high - low) / (2 * step * square), 1, 0.05, group);
        }
      } finally {
        release();
      }
    });
  }

  test('branch.weights: the zero-shot map is the weighted sum of the maps of the branches', async (t) => {
    const gpu = await t.gpu();
    const zeroMap = async (weights: string) => {
      const { model, features, release } = await makeModel(gpu, { 'branch.weights': weights }, 'pixel');
      using _scope = gpu.scope();
      const predictor = new Predictor(gpu, model);
      try {
        predictor.remember({ features: features() });
        return (await predictor.score({ features: features() })).zeroMap;
      } finally {
        predictor.release();
        release();
      }
    };
    const gal = await zeroMap('1,0');
    const loc = await zeroMap('0,1');
    assert.isAbove(Math.max(...gal.map((v, i) => Math.abs(v - loc[i]))), 1e-3, 'the branches differ');
    assertClose(
      await zeroMap('0.5,2'),
      gal.map((v, i) => 0.5 * v + 2 * loc[i]),
      { absolute: 1e-5 },
    );
  });

  test('settings are read strictly', () => {
    const refuse = (given: Record<string, string>, pattern: RegExp) => {
      try {
        fusionOptions(given);
      } catch (error) {
        assert.instanceOf(error, FusionclipError);
        assert.equal((error as FusionclipError).code, 'usage');
        assert.match((error as Error).message, pattern);
        return;
      }
      assert.fail(`${JSON.stringify(given)} was accepted`);
    };
    refuse({ 'prompt.nctx': '0' }, /prompt\.nctx takes integer from 1 to \d+, not "0"/);
    refuse({ 'branch.weights': '1,-1' }, /branch\.weights takes number,… from 0 to 1000000, not "1,-1"/);
    refuse({ fuse: 'both' }, /april\|mvfa\|calib/);
    refuse({ 'prompt.contexts': '4' }, /no setting/);
    refuse({ layers: '1,x' }, /layers/);
    refuse({ method: 'winclip', 'prompt.nctx': '4' }, /--prompt\.nctx means nothing to --method winclip/);
    refuse({ method: 'single-fusion', branches: 'loc' }, /--branches means nothing/);
    refuse({ method: 'april-gan', compat: 'anomalib' }, /knows none, april-gan/);
    refuse({ method: 'unheard' }, /method takes fusionclip\|/);
    assert.deepEqual(fusionOptions({ method: 'single-patch' }).branches, ['loc']);
    assert.deepEqual(tappedLayers(fusionOptions({ method: 'layers:3,7' }), 24), [3, 7]);
    assert.equal(fusionOptions({ compat: 'mvfa' }).act, 'gelu');
    assert.equal(fusionOptions({ compat: 'mvfa', act: 'quickgelu' }).act, 'quickgelu');
    assert.deepEqual(tappedLayers(fusionOptions(), 24), [6, 12, 18, 24]);
    assert.deepEqual(tappedLayers(fusionOptions(), 4), [1, 2, 3, 4]);
  });

  test('fusions rescale by their ranges and scores read the map', () => {
    const scores = {
      zeroMap: Float32Array.of(0, 2, 4, 8),
      fewMap: Float32Array.of(1, 1, 3, 5),
      zeroMean: Float32Array.of(1, 6),
      fewMean: Float32Array.of(1, 4),
      zeroPeak: 8,
      clsScore: null,
    };
    const sum = fuseScores(scores, null, fusionOptions(), 'pixel');
    assert.deepEqual([...sum.map], [1, 3, 7, 13]);
    assert.deepEqual([...sum.score], [3, 13]);
    assert.deepEqual([...fuseScores(scores, null, fusionOptions(), 'image').score], [2, 10]);
    const rescaled = fuseScores(scores, rangesOf(scores), fusionOptions({ fuse: 'mvfa' }), 'pixel');
    assertClose(rescaled.map, [0, 0.125, 0.5, 1], { absolute: 1e-7 });
    const top = fuseScores(scores, null, fusionOptions({ 'score.image': 'topk:2' }), 'pixel');
    assert.deepEqual([...top.score], [2, 10]);
    const classed = { ...scores, clsScore: Float32Array.of(0.5, 0.25) };
    const withClass = (given: Record<string, string>, ranges: ReturnType<typeof rangesOf> | null = null) => [
      ...fuseScores(classed, ranges, fusionOptions(given), 'image').score,
    ];
    assert.deepEqual(withClass({}), [2, 10]);
    assert.deepEqual(withClass({ 'score.cls': 'add' }), [2.5, 10.25]);
    assert.deepEqual(withClass({ 'score.cls': 'equal' }), [2 + 4, 10 + 2]);
    assert.deepEqual(withClass({ 'score.cls': 'equal', fuse: 'mean' }), [1 + 2, 5 + 1]);
    assert.deepEqual(withClass({ 'score.cls': 'equal', fuse: 'mvfa' }, rangesOf(scores)), [0.25, 1.125]);
    const flat = { ...scores, fewMap: new Float32Array(4).fill(3) };
    assertClose(fuseScores(flat, rangesOf(flat), fusionOptions(), 'pixel').map, [0, 0.125, 0.25, 0.5], {
      absolute: 1e-7,
    });
  });

  test('blurring keeps the mean and a constant', () => {
    const map = noise(1, 144);
    const blurred = blurMaps(map, 12, 2);
    const mean = (x: Float32Array) => x.reduce((a, b) => a + b, 0) / x.length;
    assert.closeTo(mean(blurred), mean(map), 1e-6);
    assertClose(blurMaps(new Float32Array(144).fill(0.5), 12, 3), new Float32Array(144).fill(0.5), { absolute: 1e-7 });
    assert.strictEqual(blurMaps(map, 12, 0), map);
  });
});
