import { assert } from 'chai';
import { allSteps } from '../../src/base/steps.ts';
import { CLIP_PIXELS } from '../../src/clip/index.ts';
import { openDataset } from '../../src/data/layout/open.ts';
import { Detector } from '../../src/detect/detector.ts';
import { readPicture, toInput, viewsOf } from '../../src/detect/pictures.ts';
import { rangesOfAll, type ScoredImage, sampleBatches, scoreSet } from '../../src/detect/scoring.ts';
import { selectionScore, ValidationSet } from '../../src/detect/selection.ts';
import { chooseShots, readSupport, trainItems } from '../../src/detect/support.ts';
import { SupportSet } from '../../src/detect/support_set.ts';
import { fuseScores } from '../../src/fusion/index.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { runSettings } from '../../src/run/run_config.ts';
import { Trainer, type TrainerChoices } from '../../src/train/index.ts';
import { assertClose } from '../harness/close.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { ruleSet } from './rule_set.ts';
import { contextOf, smallRun, smallSettings, textOf, tinyBackbone } from './small_run.ts';

/** The support of `/Brain_AD` and a trainer on it. */
async function opened(gpu: Gpu, given: Record<string, string>, choices: TrainerChoices = {}) {
  const fs = ruleSet();
  const { fusion, train } = runSettings(smallSettings(given));
  const dataset = await openDataset(fs, '/Brain_AD', train);
  const support = await readSupport(fs, await chooseShots(fs, dataset, train), fusion, train.seed);
  const backbone = await tinyBackbone();
  const detector = await Detector.open({ gpu, backbone, options: fusion, kind: 'pixel', object: 'Brain', seed: 1 });
  const items = trainItems(support, train.aug, fusion.norm, CLIP_PIXELS);
  const trainer = new Trainer(detector, items, train, choices);
  await trainer.prepare();
  const release = () => {
    trainer.release();
    detector.release();
  };
  return { fs, fusion, train, dataset, support, detector, items, trainer, release };
}

/** The largest change of adapters and of prompts by the first step, and the moments after it. */
async function firstStep(gpu: Gpu, given: Record<string, string>, choices: TrainerChoices = {}) {
  const { detector, trainer, release } = await opened(gpu, { ...given, batch: '100' }, choices);
  const before = await Promise.all(detector.method.parameters.map((p) => p.read()));
  await trainer.runEpoch();
  const moved = { adapter: 0, prompt: 0 };
  for (const [i, p] of detector.method.parameters.entries()) {
    const kind = p.name.startsWith('prompt.') ? 'prompt' : 'adapter';
    for (const [k, value] of (await p.read()).entries()) {
      moved[kind] = Math.max(moved[kind], Math.abs(value - before[i][k]));
    }
  }
  const ratios: number[] = [];
  const state = trainer.adam.state();
  for (const { name } of detector.method.parameters) {
    const [m, v] = [await state.get(`exp_avg.${name}`)!.read(), await state.get(`exp_avg_sq.${name}`)!.read()];
    const largest = m.reduce((best, value, k) => (Math.abs(value) > Math.abs(m[best]) ? k : best), 0);
    ratios.push(m[largest] ** 2 / v[largest]);
  }
  release();
  return { moved, ratios };
}

suiteInTurn('settings of training', () => {
  test('lr.adapter and lr.prompt: the first step of Adam moves a weight by the rate of its group', async (t) => {
    // m̂ / (√v̂ + ε) = g / (|g| + 1e-8): the sign of the gradient wherever that is not tiny.
    const { moved } = await firstStep(await t.gpu(), { 'lr.adapter': '0.003', 'lr.prompt': '0.0007' });
    assert.closeTo(moved.adapter, 0.003, 1e-6);
    assert.closeTo(moved.prompt, 0.0007, 1e-6);
  });

  test('lr.grid: a rate that is tried stands for both', async (t) => {
    const { moved } = await firstStep(await t.gpu(), { 'lr.adapter': '0.003', 'lr.prompt': '0.0007' }, { rate: 0.02 });
    assert.closeTo(moved.adapter, 0.02, 1e-6);
    assert.closeTo(moved.prompt, 0.02, 1e-6);
  });

  for (const [betas, ratio] of [
    [{}, 250],
    [{ betas: '0.8,0.9' }, 0.4],
  ] as const) {
    test(`betas ${Object.values(betas)}: after a step m² / v is ${ratio} everywhere`, async (t) => {
      // m = (1 − β₁) g and v = (1 − β₂) g², so m² / v = (1 − β₁)² / (1 − β₂): 0.5² / 0.001, and 0.2² / 0.1.
      const { ratios } = await firstStep(await t.gpu(), betas);
      for (const value of ratios) assert.closeTo(value / ratio, 1, 1e-3);
    });
  }

  test('lr.grid: one rate alone is the rate of the run, and is not announced', async (t) => {
    const context = contextOf(await t.gpu(), ruleSet());
    const { results } = await smallRun(context, { prompt: 'fixed', 'lr.grid': '0.02', epochs: '1' });
    const rates = context.events.flatMap((event) => (event.type === 'step' ? [event.rate] : []));
    assert.deepEqual([...new Set(rates)], [0.02]);
    assert.equal(results.selected.rate, 0.02);
    assert.isFalse(context.events.some((event) => event.type === 'note' && /Learning rate/.test(event.text)));
  });

  test('shots, shots.abnormal, aug, batch, epochs: what is trained on, and in how many steps', async (t) => {
    const gpu = await t.gpu();
    const count = async (given: Record<string, string>) => {
      const { support, items, trainer, release } = await opened(gpu, given);
      release();
      return [support.normal.length, support.abnormal.length, items.length, trainer.steps];
    };
    // 2 + 2 pictures in one view: ⌈4 / 3⌉ steps, three times.
    assert.deepEqual(await count({}), [2, 2, 4, 6]);
    assert.deepEqual(await count({ epochs: '5' }), [2, 2, 4, 10]);
    assert.deepEqual(await count({ batch: '1' }), [2, 2, 4, 12]);
    assert.deepEqual(await count({ shots: '3', 'shots.abnormal': '1' }), [3, 1, 4, 6]);
    // Normal-only: a made counterpart for each normal picture.
    assert.deepEqual(await count({ shots: '3', 'shots.abnormal': '0' }), [3, 3, 6, 6]);
    // Eleven views of each: ⌈44 / 3⌉ steps, three times.
    assert.deepEqual(await count({ aug: 'mvfa' }), [2, 2, 44, 45]);
  });

  test('aug: a view of an image is a view of its mask', async (t) => {
    const { items, release } = await opened(await t.gpu(), { aug: 'mvfa' });
    release();
    const flipped = items.filter(({ id }) => id.endsWith('#hflip'));
    assert.lengthOf(flipped, 4);
    for (const { id, mask, input } of flipped) {
      const plain = items.find((one) => one.id === id.replace('hflip', 'identity'))!;
      const mirrored = (i: number) => 42 * Math.floor(i / 42) + 41 - (i % 42);
      if (mask)
        assert.deepEqual(
          [...mask],
          Array.from(mask, (_, i) => plain.mask![mirrored(i)]),
        );
      assertClose(
        input.subarray(0, 42 * 42),
        Float32Array.from({ length: 42 * 42 }, (_, i) => plain.input[mirrored(i)]),
        { absolute: 1e-5 },
      );
    }
  });

  test('seed: another draw of the support', async () => {
    const fs = ruleSet('pixel', 8);
    const drawn = async (given: Record<string, string>) => {
      const { train } = runSettings(smallSettings(given));
      const { normal, rest } = await chooseShots(fs, await openDataset(fs, '/Brain_AD'), train);
      assert.lengthOf(rest, 12);
      return normal.map(({ id }) => id).join();
    };
    assert.equal(await drawn({ seed: '1' }), await drawn({ seed: '1' }));
    const draws = await Promise.all(['1', '2', '3', '4'].map((seed) => drawn({ seed })));
    assert.isAbove(new Set(draws).size, 1);
  });

  test('shots.list, shots.index: the support that a list names', async () => {
    const fs = ruleSet();
    await fs.writeFile('/list.txt', 'n-0: 0.png\na-0: 1.png\nn-1: 3.png 2.png\na-1: 0.png\n');
    const dataset = await openDataset(fs, '/Brain_AD');
    const listed = async (index: string) => {
      const { train } = runSettings(smallSettings({ 'shots.list': '/list.txt', 'shots.index': index }));
      const { normal, abnormal } = await chooseShots(fs, dataset, train);
      return [...normal, ...abnormal].map(({ path }) => path.replace('/Brain_AD/valid/', ''));
    };
    assert.deepEqual(await listed('0'), ['good/img/0.png', 'Ungood/img/1.png']);
    assert.deepEqual(await listed('1'), ['good/img/3.png', 'good/img/2.png', 'Ungood/img/0.png']);
  });

  test('checkpoint.every: after so many steps, and not where the epoch ends anyhow', async (t) => {
    const { trainer, release } = await opened(await t.gpu(), { aug: 'mvfa', batch: '6', 'checkpoint.every': '3' });
    const at: number[] = [];
    const onCheckpoint = async () => void at.push(trainer.step);
    // ⌈44 / 6⌉ = 8 steps an epoch; the second one begins at 8.
    await trainer.runEpoch({ onCheckpoint });
    assert.deepEqual(at, [3, 6]);
    await trainer.runEpoch({ onCheckpoint });
    assert.deepEqual(at, [3, 6, 9, 12, 15]);
    release();
    const fours = await opened(await t.gpu(), { aug: 'mvfa', batch: '6', 'checkpoint.every': '4' });
    at.length = 0;
    await fours.trainer.runEpoch({ onCheckpoint: async () => void at.push(fours.trainer.step) });
    assert.deepEqual(at, [4]);
    fours.release();
  });

  test('eval.every and select: when weights are compared, and on what', async (t) => {
    const gpu = await t.gpu();
    const evaluated = async (given: Record<string, string>) => {
      const context = contextOf(gpu, ruleSet());
      const { results } = await smallRun(context, { prompt: 'fixed', epochs: '5', 'eval.every': '2', ...given });
      const evals = context.events.filter((event) => event.type === 'eval');
      return { by: results.selectedBy, at: evals.map(({ epoch }) => epoch), results };
    };
    const valid = await evaluated({});
    assert.deepEqual([valid.by, valid.at], ['valid', [2, 4, 5]]);
    const last = await evaluated({ select: 'last' });
    assert.equal(last.by, 'last');
    assert.equal(last.results.selected.epoch, 5);
    const oracle = await evaluated({ select: 'test-oracle', 'eval.every': '3' });
    assert.deepEqual([oracle.by, oracle.at], ['test-oracle', [3, 5]]);
  });

  test('lr.grid: every rate is tried, and the report says which one stayed', async (t) => {
    const context = contextOf(await t.gpu(), ruleSet());
    const { results } = await smallRun(context, { prompt: 'fixed', 'lr.grid': '0.1,0.001', epochs: '1' });
    const evals = context.events.filter((event) => event.type === 'eval');
    assert.deepEqual(
      evals.map(({ rate }) => rate),
      [0.1, 0.001],
    );
    // Both begin with the same weights, and go their own ways from there.
    const losses = [0.1, 0.001].map((rate) =>
      context.events.flatMap((event) => (event.type === 'step' && event.rate === rate ? [event.loss] : [])),
    );
    assert.lengthOf(losses[0], 2);
    assert.equal(losses[0][0], losses[1][0]);
    assert.notEqual(losses[0][1], losses[1][1]);
    // The first one stays unless the second is better.
    const [first, second] = evals.map(({ score }) => score.value);
    assert.equal(results.selected.rate, second > first ? 0.001 : 0.1);
  });

  test('eval.batch and eval.cache: images a pass, and whether they are read once or at every comparison', async (t) => {
    const gpu = await t.gpu();
    const { valid } = (await openDataset(ruleSet(), '/Brain_AD')).splits;
    const counted = async (given: Record<string, string>) => {
      const fs = ruleSet();
      const { fusion, train } = runSettings(smallSettings({ method: 'clip-memory', ...given }));
      const parts = { gpu, backbone: await tinyBackbone(), options: fusion, kind: 'pixel', object: 'Brain' } as const;
      const detector = await Detector.open({ ...parts, seed: 1 });
      const memory = new SupportSet(detector, [await readPicture(fs, valid[0], fusion)], []);
      const contest = new ValidationSet(detector, valid, train, { fs });
      let passes = 0;
      const value = await memory.withScorer(async ({ images, ranges }) => {
        const score: typeof images.score = (...of) => {
          if (!gpu.preparing) passes++;
          return images.score(...of);
        };
        const scorer = { images: { bank: null, score, release: () => {} }, ranges };
        await contest.evaluate(scorer, { candidate: 0, step: 1 });
        return (await contest.evaluate(scorer, { candidate: 0, step: 2 })).value;
      });
      contest.release();
      memory.release();
      detector.release();
      return { passes, reads: fs.reads.filter((path) => path.includes('/img/')).length, value };
    };
    // Eight images, two comparisons; the one normal support image is read besides.
    const all = await counted({});
    assert.deepEqual([all.passes, all.reads], [2, 1 + 8]);
    const three = await counted({ 'eval.batch': '3' });
    assert.deepEqual([three.passes, three.reads], [2 * 3, 1 + 8]);
    const uncached = await counted({ 'eval.cache': '0' });
    assert.deepEqual([uncached.passes, uncached.reads], [2, 1 + 2 * 8]);
    assert.closeTo(three.value, all.value, 1e-12);
    assert.closeTo(uncached.value, all.value, 1e-12);
  });

  test('map.files: raw maps of either kind beside the heat maps, or none at all', async (t) => {
    const gpu = await t.gpu();
    const kinds = async (files: string) => {
      const context = contextOf(gpu, ruleSet('pixel', 3));
      await smallRun(context, { prompt: 'fixed', epochs: '1', select: 'last', 'map.files': files });
      const maps = [...context.fs.files.keys()].filter((path) => path.startsWith('/run/maps/'));
      return [...new Set(maps.map((path) => path.slice(path.lastIndexOf('/') + 1).replace(/^[^.]*/, '')))].sort();
    };
    assert.deepEqual(await kinds('none'), []);
    assert.deepEqual(await kinds('npy'), ['.npy', '.png']);
    assert.deepEqual(await kinds('png16'), ['.map.png', '.png']);
  });
});

/** A scored image of some pixels in a row. */
function scored(label: 0 | 1, score: number, map: number[], mask: number[] | null): ScoredImage {
  return {
    ...{ id: '', label, score, scoreMax: score, scoreMean: score, grey: null, trivial: null },
    map: Float32Array.from(map),
    mask: mask && Uint8Array.from(mask),
  };
}

suiteInTurn('settings of evaluation', () => {
  test('weights are compared by the mean of image and pixel AUROC, and by images alone without masks', () => {
    const images = [scored(0, 2, [0, 0, 0, 1], null), scored(1, 1, [0, 0, 3, 4], [0, 0, 1, 1])];
    // The abnormal image scores lower: 0 of 1 pair. Both lesion pixels score above all six others: 12 of 12.
    assert.deepEqual(allSteps(selectionScore({ size: 2, images }, 'pixel')), { image: 0, pixel: 1, value: 0.5 });
    assert.deepEqual(allSteps(selectionScore({ size: 2, images }, 'image')), { image: 0, pixel: null, value: 0 });
    // Without a lesion in any mask the pixels have no say.
    const without = images.map((one) => ({ ...one, mask: null }));
    assert.deepEqual(allSteps(selectionScore({ size: 2, images: without }, 'pixel')).value, 0);
  });

  test('memory.augment: a mirrored support image is known with it, and not without', async (t) => {
    const gpu = await t.gpu();
    const most = async (given: Record<string, string>) => {
      const { support, detector, items, release } = await opened(gpu, { shots: '1', aug: 'mvfa', ...given });
      const memory = new SupportSet(detector, support.normal, []);
      const mirrored = items.find(({ id }) => id === `${support.shots.normal[0].id}#hflip`)!;
      const { fewMap } = await memory.withScorer(async ({ images }) => {
        using _scope = gpu.scope();
        return await images.score(detector.encode([mirrored.input]));
      });
      memory.release();
      release();
      return Math.max(...fewMap);
    };
    assert.isAbove(await most({}), 1e-3);
    assert.isBelow(await most({ 'memory.augment': 'true' }), 1e-5);
  });

  test('fuse calib: the ranges of normal images without themselves, and of abnormal ones', async (t) => {
    const gpu = await t.gpu();
    const { support, detector, items, release } = await opened(gpu, { fuse: 'calib' });
    const memory = new SupportSet(detector, support.normal, support.abnormal);
    await memory.withScorer(async ({ images, ranges }) => {
      using _scope = gpu.scope();
      const own = [0, 1, null, null];
      const scores = [];
      for (const [i, { input }] of items.entries()) scores.push(await images.score(detector.encode([input]), own[i]));
      assert.deepEqual(ranges, rangesOfAll(scores));
      const seen = rangesOfAll([await images.score(detector.encode([items[0].input]))]);
      assert.isBelow(seen.fewMap[1], 1e-5, 'a normal image that sees itself has no distance');
      assert.isAbove(ranges!.fewMap[1], 1e-3);
    });
    memory.release();
    release();
  });

  for (const given of [{ fuse: 'mvfa' }, { 'score.cls': 'april' }, { fuse: 'calib', 'score.cls': 'equal' }] as Record<
    string,
    string
  >[]) {
    const name = Object.entries(given).flat().join(' ');
    test(`${name}: extremes are those of the whole set, whatever goes through the model together`, async (t) => {
      const gpu = await t.gpu();
      const { fs, dataset, support, detector, release } = await opened(gpu, given);
      const memory = new SupportSet(detector, support.normal, support.abnormal);
      const [together, singly] = await memory.withScorer(async ({ images, ranges }) => {
        const scores = async (batch: number) => {
          const batches = sampleBatches(fs, detector, dataset.splits.test, batch);
          return (await scoreSet(detector, images, batches, { ranges })).images.map(({ score }) => score);
        };
        return [await scores(8), await scores(1)];
      });
      assertClose(singly, together, { absolute: 1e-5 });
      assert.isAbove(new Set(together.map((score) => score.toFixed(4))).size, 4);
      if (given.fuse === 'mvfa') assert.isAtMost(Math.max(...together), 1);
      if (given.fuse === 'calib') {
        const own = await memory.withScorer(async ({ images, ranges }) => {
          using _scope = gpu.scope();
          const { pixels } = await readPicture(fs, dataset.splits.test[0], detector.framing);
          const scores = await images.score(detector.encode([toInput(pixels, 'clip', CLIP_PIXELS)]));
          return fuseScores(scores, ranges, detector.options, 'pixel').score[0];
        });
        assert.closeTo(together[0], own, 1e-5);
      }
      memory.release();
      release();
    });
  }

  test('norm: what a white picture becomes, in every view', () => {
    const pixels = { width: 4, height: 4, channels: 3, data: new Uint8Array(48).fill(255) } as const;
    const clip = [(1 - 0.48145466) / 0.26862954, (1 - 0.4578275) / 0.26130258, (1 - 0.40821073) / 0.27577711];
    for (const [norm, expected] of [
      ['none', [1, 1, 1]],
      ['clip', clip],
    ] as const) {
      const views = viewsOf({ pixels, mask: null }, 'mvfa', norm, CLIP_PIXELS);
      assert.lengthOf(views, 11);
      for (const { name, input } of views) {
        const planes = expected.flatMap((value) => new Array<number>(16).fill(value));
        assertClose(input, planes, { absolute: 1e-6 }, `${norm} ${name}`);
      }
    }
  });

  test('weights: the storage of the towers', async (t) => {
    const gpu = await t.gpu();
    const backbone = await tinyBackbone();
    const bytes = async (weights: string) => {
      const { fusion } = runSettings(smallSettings({ weights, method: 'clip-memory' }));
      const detector = await Detector.open({ gpu, backbone, options: fusion, kind: 'pixel', object: 'x', seed: 1 });
      const text = String(detector.storage);
      detector.release();
      return text;
    };
    assert.include(await bytes('f32'), 'f32');
    assert.match(await bytes('f16'), /f16/);
    assert.match(await bytes('bf16'), /bf16/);
  });

  test('config.json holds every setting as it was used', async (t) => {
    const context = contextOf(await t.gpu(), ruleSet('pixel', 2));
    await smallRun(context, { prompt: 'fixed', epochs: '1', 'score.image': 'topk:9', select: 'last', seed: '7' });
    const { settings } = JSON.parse(textOf(context.fs, '/run/config.json'));
    const { fusion, train } = runSettings(smallSettings({ prompt: 'fixed' }));
    for (const name of [...Object.keys(fusion), ...Object.keys(train)]) {
      const value: unknown = { ...fusion, ...train }[name as keyof typeof fusion];
      if (Array.isArray(value) && value.length === 0) continue;
      assert.property(settings, name);
    }
    assert.deepInclude(settings, { 'score.image': 'topk:9', select: 'last', seed: '7', epochs: '1', shots: '2' });
  });
});
