import { assert } from 'chai';
import { epochOrder } from '../../src/base/order.ts';
import { Detector } from '../../src/detect/detector.ts';
import { evaluateTrained } from '../../src/detect/evaluate_run.ts';
import type { TrainItem } from '../../src/detect/support.ts';
import { fusionOptions } from '../../src/fusion/index.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import type { TrainedStep } from '../../src/run/events.ts';
import { trainOptions } from '../../src/run/options.ts';
import { resumeRun, Trainer, trainRun } from '../../src/train/index.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { ruleSet } from './rule_set.ts';
import { contextOf, metricsOf, SMALL, smallRun, textOf, tinyBackbone } from './small_run.ts';

/** A trainer of the tiny model on random images; release both. */
async function tinyTrainer(
  gpu: Gpu,
  kind: 'pixel' | 'image',
  settings: Record<string, string>,
  epochs: number,
  { count = 4, eager = false } = {},
) {
  const options = fusionOptions({ size: '42', 'prompt.nctx': '2', ...settings });
  const backbone = await tinyBackbone();
  const detector = await Detector.open({ gpu, backbone, options, kind, object: 'Brain', seed: 1 });
  const items = Array.from({ length: count }, (_, i): TrainItem => {
    const label = i % 2;
    const input = Float32Array.from({ length: 3 * 42 * 42 }, (_, k) => Math.sin(k * (i + 1)));
    const mask = label ? Uint8Array.from({ length: 42 * 42 }, (_, k) => (k % 42 < 9 ? 1 : 0)) : null;
    return { id: `item ${i}`, label: label as 0 | 1, input, mask };
  });
  const trainer = new Trainer(detector, items, trainOptions({ batch: '2', epochs: String(epochs) }), { eager });
  await trainer.prepare();
  const release = () => {
    trainer.release();
    detector.release();
  };
  return { trainer, detector, release };
}

suiteInTurn('training', () => {
  test('the order of an epoch depends on seed and epoch alone', () => {
    const orders = [epochOrder(88, 1, 0), epochOrder(88, 1, 1), epochOrder(88, 2, 0), epochOrder(88, 1, 2)];
    for (const order of orders) assert.sameMembers(order, [...order.keys()]);
    assert.notDeepEqual(orders[0], orders[1]);
    assert.notDeepEqual(orders[0], orders[2]);
    assert.notDeepEqual(orders[0], orders[3]);
    assert.deepEqual(epochOrder(88, 1, 0), orders[0]);
  });

  for (const method of ['clip-text', 'clip-memory', 'clip-both', 'winclip', 'winclip+', 'april-gan', 'mvfa']) {
    test(`a whole run of ${method}, and its weights used again`, async (t) => {
      const fs = ruleSet();
      const context = contextOf(await t.gpu(), fs);
      const { 'prompt.nctx': _, ...settings } = SMALL;
      const model = await tinyBackbone();
      const request = { data: '/Brain_AD', model, out: '/run', settings: { ...settings, method } };
      const { results, scored } = await trainRun(context, request);
      assert.deepEqual(results.selected.images, { normal: 4, abnormal: 4 });
      assert.equal(results.selectedBy === 'none', !['april-gan', 'mvfa'].includes(method));
      assert.equal(JSON.parse(textOf(fs, '/run/config.json')).settings.method, method);
      const again = await evaluateTrained(context, { adapters: '/run', model });
      assert.deepEqual(
        again.scored.images.map(({ score }) => score),
        scored.images.map(({ score }) => score),
      );
    });
  }

  test('a whole run of medclip, and its support used again', async (t) => {
    const fs = ruleSet();
    const context = contextOf(await t.gpu(), fs);
    const model = 'generated:medclip-resnet-mini:1';
    const settings = { method: 'medclip', size: '40', shots: '2', 'map.files': 'none' };
    const { results, scored } = await trainRun(context, { data: '/Brain_AD', model, out: '/run', settings });
    assert.equal(results.selectedBy, 'none');
    assert.equal(JSON.parse(textOf(fs, '/run/config.json')).model.config.vision.kind, 'resnet');
    const again = await evaluateTrained(context, { adapters: '/run' });
    assert.deepEqual(
      again.scored.images.map(({ map, score }) => [map, score]),
      scored.images.map(({ map, score }) => [map, score]),
    );
  });

  test('a method is not run on the towers of another family', async (t) => {
    const fs = ruleSet();
    const context = contextOf(await t.gpu(), fs);
    const run = (method: string, model: string) =>
      trainRun(context, { data: '/Brain_AD', model, out: '/run', settings: { method, size: '42' } });
    const wants = /^--method medclip runs on a MedCLIP model, and generated:T:1 is a CLIP model; give --model [^.]+\.$/;
    await expectFailure('usage', [wants], () => run('medclip', 'generated:T:1'));
    const has =
      /^generated:medclip-swin-mini:1 is a MedCLIP model, which --method clip-text cannot run on; give [^.]+\.$/;
    await expectFailure('usage', [has], () => run('clip-text', 'generated:medclip-swin-mini:1'));
    assert.isFalse([...fs.files.keys()].some((path) => path.startsWith('/run')));
  });

  for (const kind of ['pixel', 'image'] as const) {
    test(`a whole run on a ${kind}-level set`, async (t) => {
      const fs = ruleSet(kind);
      const context = contextOf(await t.gpu(), fs);
      const { results, adapters } = await smallRun(context, { 'map.files': 'npy' });
      assert.equal(results.kind, kind);
      assert.deepEqual(results.selected.images, { normal: 4, abnormal: 4 });
      assert.equal(results.selected.pixel !== null, kind === 'pixel');
      assert.equal(results.selected.imageThreshold?.from, 'valid');
      assert.equal(results.last.epoch, 3);
      const config = JSON.parse(textOf(fs, '/run/config.json'));
      assert.equal(config.settings['shots.abnormal'], '2');
      assert.equal(config.settings.batch, '3');
      const shots = JSON.parse(textOf(fs, '/run/shots.json'));
      assert.equal(shots.normal.length + shots.abnormal.length + shots.rest, 8);
      assert.equal(textOf(fs, '/run/predictions.csv').trim().split('\n').length, 1 + 8);
      assert.equal([...fs.files.keys()].filter((name) => name.startsWith('/run/maps/')).length, 2 * 8);
      assert.isTrue(fs.files.has(adapters));
      const steps = context.events.filter((event) => event.type === 'step');
      assert.deepEqual(
        steps.map(({ step }) => step),
        [1, 2, 3, 4, 5, 6],
      );
      assert.closeTo(
        steps[0].loss,
        Object.values(steps[0].parts).reduce((a, b) => a + b, 0),
        1e-5,
      );
    });
  }

  test('two runs with one seed give the same bits', async (t) => {
    const gpu = await t.gpu();
    const run = async (seed: string) => {
      const fs = ruleSet();
      await smallRun(contextOf(gpu, fs), { seed });
      return fs;
    };
    const [a, b, c] = [await run('3'), await run('3'), await run('4')];
    for (const file of [
      'checkpoint/latest.safetensors',
      'checkpoint/adapters.safetensors',
      'predictions.csv',
      'results.json',
    ]) {
      assert.deepEqual(a.files.get(`/run/${file}`), b.files.get(`/run/${file}`), file);
    }
    assert.deepEqual(metricsOf(a), metricsOf(b));
    assert.notDeepEqual(metricsOf(a), metricsOf(c));
  });

  // In the middle of an epoch, at the end of one, after the last step, and in the second of two learning rates.
  for (const [stops, settings] of [
    [[3, 4, 6], {}],
    [[9], { 'lr.grid': '0.01,0.001', prompt: 'fixed' }],
  ] as [number[], Record<string, string>][]) {
    test(`a run resumed after step ${stops.join(', ')} repeats none and gives the same bits as an unbroken one`, async (t) => {
      const gpu = await t.gpu();
      const whole = ruleSet();
      const stepsOf = ({ events }: ReturnType<typeof contextOf>) => events.filter(({ type }) => type === 'step').length;
      const unbroken = contextOf(gpu, whole);
      await smallRun(unbroken, settings);
      for (const at of stops) {
        const fs = ruleSet();
        const control = new AbortController();
        let steps = 0;
        const stop = contextOf(gpu, fs, {
          signal: control.signal,
          onEvent: (event) => {
            if (event.type === 'step' && ++steps === at) control.abort(new Error('stop'));
          },
        });
        await expectFailure('interrupted', [/--resume --out \/run/], () => smallRun(stop, settings));
        assert.isFalse(fs.files.has('/run/results.json'));
        const resumed = contextOf(gpu, fs);
        await resumeRun(resumed, '/run', { model: await tinyBackbone() });
        assert.equal(steps + stepsOf(resumed), stepsOf(unbroken));
        for (const name of ['latest', 'best', 'last', 'adapters']) {
          const file = `/run/checkpoint/${name}.safetensors`;
          assert.deepEqual(fs.files.get(file), whole.files.get(file), file);
        }
        assert.deepEqual(metricsOf(fs), metricsOf(whole));
        for (const name of ['predictions.csv', 'results.json', 'config.json', 'shots.json', 'data.json']) {
          assert.equal(textOf(fs, `/run/${name}`), textOf(whole, `/run/${name}`), name);
        }
      }
    });
  }

  for (const [kind, settings] of [
    ['pixel', {}],
    ['image', {}],
    ['pixel', { residual: 'mvfa', prompt: 'fixed' }],
  ] as ['pixel' | 'image', Record<string, string>][]) {
    const name = [`${kind}-level`, ...Object.values(settings)].join(', ');
    test(`20 replayed steps equal 20 eager steps bit for bit: ${name}`, async (t) => {
      const gpu = await t.gpu();
      // Three images in batches of two: every other step is one of a smaller batch.
      const run = async (eager: boolean) => {
        const { trainer, detector, release } = await tinyTrainer(gpu, kind, settings, 10, { count: 3, eager });
        const losses: number[] = [];
        while (trainer.step < 20) await trainer.runEpoch({ onStep: ({ loss }) => losses.push(loss) });
        const arrays = [...detector.method.parameters.map(({ value }) => value), ...trainer.adam.state().values()];
        const values: Float32Array[] = [];
        for (const array of arrays) values.push(await array.read());
        release();
        return { losses, values };
      };
      const [replayed, eager] = [await run(false), await run(true)];
      assert.deepEqual(replayed, eager);
      assert.equal(new Set(eager.losses).size, 20);
    });
  }

  test('200 steps with prompts leave memory as it was', async (t) => {
    const gpu = await t.gpu();
    const { trainer, release } = await tinyTrainer(gpu, 'pixel', {}, 100);
    await trainer.runEpoch();
    const live = gpu.pool.liveBytes;
    const losses: number[] = [];
    while (trainer.step < 200) {
      await trainer.runEpoch({ onStep: ({ loss }) => losses.push(loss) });
      assert.equal(gpu.pool.liveBytes, live);
    }
    assert.isBelow(losses.at(-1)!, losses[0]);
    release();
  });

  test('1,000 steps leave memory as it was', async (t) => {
    const gpu = await t.gpu();
    const { trainer, release } = await tinyTrainer(gpu, 'image', { prompt: 'fixed' }, 500);
    await trainer.runEpoch();
    await trainer.runEpoch();
    const { liveBytes, liveBuffers } = gpu.pool;
    const before = gpu.pool.reservedBytes;
    while (trainer.step < 1000) {
      await trainer.runEpoch();
      assert.equal(gpu.pool.liveBytes, liveBytes);
    }
    assert.equal(gpu.pool.liveBuffers, liveBuffers);
    assert.equal(gpu.pool.reservedBytes, before);
    release();
  });

  test('a loss that is not finite stops the run and names the step', async (t) => {
    const { trainer, detector, release } = await tinyTrainer(await t.gpu(), 'pixel', {}, 5);
    const seen: TrainedStep[] = [];
    await trainer.runEpoch({ onStep: (event) => seen.push(event) });
    // Not an adapter: the ReLU behind it hides a NaN on some adapters, and only the next checkpoint finds it.
    const prompt = detector.method.parameters.find(({ name }) => name.startsWith('prompt.'))!;
    prompt.value.write(new Float32Array(prompt.value.size).fill(Number.NaN));
    const go = () => trainer.runEpoch({ onStep: (event) => seen.push(event) });
    await expectFailure('not_finite', [/step 3 \(epoch 2\).*--lr/], go);
    assert.equal(seen.length, 2);
    release();
  });
});
