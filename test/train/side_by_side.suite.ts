import { assert } from 'chai';
import type { FusionclipError } from '../../src/base/errors.ts';
import { ruleUniform } from '../../src/base/rule.ts';
import { GeneratedClipModel, TextTower, VisionTower } from '../../src/clip/index.ts';
import { evaluateTrained } from '../../src/detect/evaluate_run.ts';
import { predictImages } from '../../src/detect/predict.ts';
import { TrainedDetector } from '../../src/detect/trained.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import type { Dispatch } from '../../src/gpu/interface.ts';
import { tuneMatmul } from '../../src/kernels/tune.ts';
import { BertTower } from '../../src/medclip/bert.ts';
import { generatedMedClip } from '../../src/medclip/model_file.ts';
import { Tensor } from '../../src/nn/index.ts';
import { trainRun } from '../../src/train/index.ts';
import type { MemoryFileSystem } from '../data/memory_file_system.ts';
import { tiny } from '../gpu/tiny.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { ruleSet } from './rule_set.ts';
import { contextOf, metricsOf, smallRun, tinyBackbone, tinyConfig } from './small_run.ts';

const IMAGES = [0, 1].flatMap((i) => [`/Brain_AD/test/good/img/${i}.png`, `/Brain_AD/test/Ungood/img/${i}.png`]);

/** Work of these names must give the same alone, one after the other, as at once, and leave nothing behind. */
async function atOnce(gpu: Gpu, works: Readonly<Record<string, () => Promise<unknown>>>): Promise<void> {
  const alone: [string, unknown][] = [];
  for (const [name, work] of Object.entries(works)) alone.push([name, await work()]);
  const { liveBuffers } = gpu.pool;
  const together = await Promise.all(Object.entries(works).map(async ([name, work]) => [name, await work()]));
  assert.deepEqual(together, alone);
  assert.equal(gpu.pool.liveBuffers, liveBuffers);
}

/** What a training leaves: its weights, its scores and every loss. */
function training(gpu: Gpu, settings: Readonly<Record<string, string>>): () => Promise<unknown> {
  return async () => {
    const fs = ruleSet('pixel', 2);
    const { scored } = await smallRun(contextOf(gpu, fs), { epochs: '2', ...settings });
    const weights = fs.files.get('/run/checkpoint/adapters.safetensors');
    const losses = fs.files.get('/run/metrics.jsonl')?.length ? metricsOf(fs) : null;
    return { scores: scored.images.map(({ score, map }) => [score, map]), weights, losses };
  };
}

/** A finished run, in whose files predictions are made. */
async function trained(gpu: Gpu, settings: Readonly<Record<string, string>> = {}): Promise<MemoryFileSystem> {
  const fs = ruleSet('pixel', 2);
  await smallRun(contextOf(gpu, fs), { ...settings, epochs: '1' });
  return fs;
}

/** Methods that train prompts and adapters, adapt the backbone, and train nothing. */
const KINDS: readonly Readonly<Record<string, string>>[] = [
  {},
  { residual: 'mvfa', fuse: 'calib' },
  { method: 'winclip+', size: '70' },
];

/** A Gpu that puts one dispatch that no device compiles before the n-th of a piece of work. */
function failingAt(gpu: Gpu, n: number): Gpu {
  const shader = tiny('broken_beside', 'y[id.x] = nothing;');
  let count = 0;
  const run = (call: Dispatch<string, string, string>) => {
    if (!gpu.preparing && ++count === n) {
      using _scope = gpu.scope();
      const [x, y] = [GpuArray.zeros(gpu, [4]), GpuArray.zeros(gpu, [4])];
      gpu.run({ shader, buffers: { x, y }, params: { n: 4 }, groups: [1] });
    }
    gpu.run(call);
  };
  return new Proxy(gpu, {
    get(target, key) {
      if (key === 'run') return run;
      const value = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

suiteInTurn('side by side on one Gpu', () => {
  test('two predictions with the same weights and with others', async (t) => {
    const gpu = await t.gpu();
    const [model, first, second] = [await tinyBackbone(), await trained(gpu), await trained(gpu, { seed: '3' })];
    const predict = (fs: MemoryFileSystem) => () =>
      predictImages(contextOf(gpu, fs), { adapters: '/run', model, paths: IMAGES, out: null });
    await atOnce(gpu, { first: predict(first), second: predict(second), again: predict(first) });
  });

  test('two predictions of one opened detector', async (t) => {
    const gpu = await t.gpu();
    const context = contextOf(gpu, await trained(gpu));
    const detector = await TrainedDetector.open(context, { adapters: '/run', model: await tinyBackbone() });
    const score = (paths: string[]) => async () =>
      (await detector.score(context, paths)).images.map(({ score, map }) => [score, map]);
    await atOnce(gpu, { all: score(IMAGES), some: score(IMAGES.slice(0, 3)), one: score(IMAGES.slice(1, 2)) });
    detector.release();
  });

  for (const settings of KINDS) {
    test(`a training and predictions: ${JSON.stringify(settings)}`, async (t) => {
      const gpu = await t.gpu();
      const [model, fs] = [await tinyBackbone(), await trained(gpu, settings)];
      const evaluate = async () => {
        const { scored } = await evaluateTrained(contextOf(gpu, fs), { adapters: '/run', model });
        return scored.images.map(({ score, map }) => [score, map]);
      };
      await atOnce(gpu, { train: training(gpu, settings), evaluate, other: training(gpu, { ...settings, seed: '2' }) });
    });
  }

  test(
    'a training is untold of what goes wrong on the GPU in a prediction beside it',
    async (t) => {
      const gpu = await t.gpu();
      const [model, fs] = [await tinyBackbone(), await trained(gpu)];
      const train = training(gpu, { epochs: '1' });
      const alone = await train();
      const prediction = predictImages(contextOf(failingAt(gpu, 60), fs), {
        ...{ adapters: '/run', model, paths: IMAGES, out: null },
      });
      const [together, failure] = await Promise.all([
        train().catch(() => 'it was told'),
        prediction.then(
          () => 'done',
          (error: FusionclipError) => `${error.code}: ${error.message}`,
        ),
      ]);
      assert.notEqual(together, 'it was told');
      assert.deepEqual(together, alone);
      assert.match(failure, /^gpu_error: .*broken_beside/);
    },
    ['deno'],
  );

  test('a run of medclip and a training', async (t) => {
    const gpu = await t.gpu();
    const medclip = async () => {
      const settings = { method: 'medclip', size: '40', shots: '2', 'map.files': 'none' };
      const request = { data: '/Brain_AD', model: 'generated:medclip-resnet-mini:1', out: '/run', settings };
      const { scored } = await trainRun(contextOf(gpu, ruleSet()), request);
      return scored.images.map(({ score, map }) => [score, map]);
    };
    await atOnce(gpu, { medclip, train: training(gpu, {}) });
  });

  test('towers, while they are loaded and used, and the variants of matmul are timed', async (t) => {
    const gpu = await t.gpu();
    const sentences = (seed: number) => Array.from({ length: 70 }, (_, i) => [49406, 300 + seed + 7 * i, 49407]);
    const text = (seed: number) => async () => {
      const tower = await TextTower.load(gpu, new GeneratedClipModel(tinyConfig(), seed));
      using job = gpu.job();
      const rows = await job.do(() => tower.encodeSentences(sentences(seed), 16));
      const values = await job.do(() => rows.read());
      tower.release();
      return values;
    };
    const vision = (seed: number) => async () => {
      const tower = await VisionTower.load(gpu, new GeneratedClipModel(tinyConfig(), seed), { size: 42 });
      const shape = [2, 3, 42, 42];
      using job = gpu.job();
      const values = await job.do(() => {
        const images = new Tensor(GpuArray.from(gpu, ruleUniform('images', seed, shape, 0, 1), shape));
        return tower.encode(images, { embedding: true }).embedding!.read();
      });
      tower.release();
      return values;
    };
    const bert = async () => {
      const { weights, tokenizer } = generatedMedClip('medclip-resnet-mini', 1)!;
      const tower = await BertTower.load(gpu, weights);
      const ids = ['a scan', 'a scan of a healthy brain', 'damage'].map((sentence) => tokenizer.sentence(sentence));
      using job = gpu.job();
      const values = await (await job.do(() => tower.encodeSentences(ids, tokenizer.pad))).read();
      tower.release();
      return values;
    };
    const tune = async () => (await tuneMatmul(gpu, [[37, 64, 48]], 3)).map(({ variant }) => variant).sort();
    await atOnce(gpu, { a: text(1), b: text(2), c: vision(1), d: vision(2), bert, again: text(1), tune });
  });
});
