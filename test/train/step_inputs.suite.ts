import { assert } from 'chai';
import { epochOrder, stepsPerEpoch } from '../../src/base/order.ts';
import { CLIP_PIXELS } from '../../src/clip/index.ts';
import { openDataset } from '../../src/data/layout/open.ts';
import { pasteLesion } from '../../src/data/paste.ts';
import { Detector } from '../../src/detect/detector.ts';
import { FeatureCache } from '../../src/detect/feature_cache.ts';
import { readSupport, type TrainItem, trainItems } from '../../src/detect/support.ts';
import { fusionOptions } from '../../src/fusion/index.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { trainOptions } from '../../src/run/options.ts';
import { Trainer } from '../../src/train/index.ts';
import { StepInputs } from '../../src/train/step_inputs.ts';
import { suite, test } from '../harness/registry.ts';
import { ruleSet } from './rule_set.ts';
import { tinyBackbone } from './small_run.ts';

const SIDE = 42;

async function tinyDetector(gpu: Gpu): Promise<Detector> {
  const options = fusionOptions({ size: String(SIDE), prompt: 'fixed' });
  return Detector.open({ gpu, backbone: await tinyBackbone(), options, kind: 'pixel', object: 'Brain', seed: 1 });
}

/** Items whose labels are their numbers, so that a label tells which item it belongs to. */
function numbered(count: number): TrainItem[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `item ${i}`,
    label: i as 0 | 1,
    input: new Float32Array(3 * SIDE * SIDE).fill(i / 10),
    mask: i % 2 ? new Uint8Array(SIDE * SIDE).fill(1, 0, i) : null,
  }));
}

suite('what a step reads', () => {
  test('images, labels and masks of its items, whatever the step before had', async (t) => {
    const gpu = await t.gpu();
    const detector = await tinyDetector(gpu);
    const items = numbered(4);
    const features = new FeatureCache(detector);
    features.add(new Map(items.map(({ id, input }) => [id, input])));
    const inputs = new StepInputs(detector, features, 2);
    const written = async (...which: number[]) => {
      inputs.write(which.map((i) => items[i]));
      const masks = await inputs.targets.mask!.read();
      const ones = [0, 1].map((i) => masks.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE).reduce((a, b) => a + b, 0));
      return { labels: [...(await inputs.targets.label.read())], ones };
    };
    assert.deepEqual(await written(1, 3), { labels: [1, 3], ones: [1, 3] });
    // The masks of the step before are gone.
    assert.deepEqual(await written(0, 3), { labels: [0, 3], ones: [0, 3] });
    assert.deepEqual(await written(2, 0), { labels: [2, 0], ones: [0, 0] });
    inputs.release();
    features.release();
    detector.release();
  });

  test('its part of the order of its epoch, which depends on the seed', async (t) => {
    const gpu = await t.gpu();
    const detector = await tinyDetector(gpu);
    const seen: Promise<Float32Array>[] = [];
    const { loss } = detector.method;
    detector.method.loss = (images, targets) => {
      seen.push(targets.label.read());
      return loss.call(detector.method, images, targets);
    };
    const options = trainOptions({ batch: '2', epochs: '2', seed: '6' });
    const trainer = new Trainer(detector, numbered(5), options, { eager: true });
    await trainer.prepare();
    await trainer.runEpoch();
    await trainer.runEpoch();
    const steps = (await Promise.all(seen)).map((labels) => [...labels]);
    assert.deepEqual(
      steps.map(({ length }) => length),
      [2, 2, 1, 2, 2, 1],
    );
    assert.deepEqual(steps.slice(0, 3).flat(), epochOrder(5, 6, 0));
    assert.deepEqual(steps.slice(3).flat(), epochOrder(5, 6, 1));
    assert.notDeepEqual(epochOrder(5, 6, 0), epochOrder(5, 6, 1));
    assert.deepEqual([stepsPerEpoch(5, 2), stepsPerEpoch(4, 2), stepsPerEpoch(1, 16)], [3, 2, 1]);
    trainer.release();
    detector.release();
  });

  test('normal images have label 0, abnormal and made ones 1, a made one being pasted from the next', async () => {
    const fs = ruleSet();
    const { valid } = (await openDataset(fs, '/Brain_AD')).splits;
    const [normal, abnormal] = [0, 1].map((label) => valid.filter((sample) => sample.label === label).slice(0, 2));
    const framing = { size: SIDE, norm: 'clip' } as const;
    const labels = async (list: typeof abnormal) => {
      const support = await readSupport(fs, { normal, abnormal: list, rest: [] }, framing, 3);
      return {
        support,
        items: trainItems(support, 'none', 'clip', CLIP_PIXELS).map(({ label, mask }) => [label, mask !== null]),
      };
    };
    const real = await labels(abnormal);
    assert.deepEqual(real.items, [
      [0, false],
      [0, false],
      [1, true],
      [1, true],
    ]);
    const made = await labels([]);
    assert.deepEqual(made.items, real.items);
    const [first, second] = made.support.normal.map(({ pixels }) => pixels);
    const pasted = pasteLesion(first, second, normal[0].id, 3);
    assert.deepEqual(made.support.abnormal[0].pixels, pasted.image);
    assert.deepEqual(made.support.abnormal[0].mask, pasted.mask);
  });
});
