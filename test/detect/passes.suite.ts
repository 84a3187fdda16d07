import { assert } from 'chai';
import { zeroModel } from '../../src/clip/zero_model.ts';
import { Detector } from '../../src/detect/detector.ts';
import { FeatureCache } from '../../src/detect/feature_cache.ts';
import { ScoredSoFar, type ScoringBatch, scoreSet } from '../../src/detect/scoring.ts';
import type { Scorer } from '../../src/fusion/index.ts';
import type { AdapterClass } from '../../src/gpu/adapter.ts';
import { countingGpu } from '../../src/gpu/counting.ts';
import { runSettings } from '../../src/run/run_config.ts';
import { suite, test } from '../harness/registry.ts';
import { tinyBackbone, tinyConfig } from '../train/small_run.ts';

suite('passes through the backbone', () => {
  test('are of few images where a large model meets a slow adapter, and as large as asked for elsewhere', async () => {
    const passOf = async (kind: AdapterClass, width: number) => {
      const config = tinyConfig();
      const vision = { ...config.vision, width, mlp: 4 * width, layers: 4, heads: 2 };
      const backbone = { ...(await tinyBackbone()), weights: zeroModel({ ...config, vision }) };
      const options = runSettings({ method: 'clip-text', size: '224' }).fusion;
      const gpu = countingGpu(kind);
      const detector = await Detector.open({ gpu, backbone, options, kind: 'image', object: 'Brain', seed: 0 });
      const count = detector.passOf(16);
      detector.release();
      return count;
    };
    assert.equal(await passOf('swiftshader', 64), 16);
    assert.equal(await passOf('swiftshader', 1024), 1);
    assert.equal(await passOf('lavapipe', 512), 5);
    assert.equal(await passOf('hardware', 1024), 16);
  });

  test('are told one by one, also within a batch, and before the first', async () => {
    const detector = {
      method: { frozen: false },
      gpu: { idle: async () => {} },
      passOf: (most: number) => Math.min(most, 2),
    } as unknown as Detector;
    const images = (from: number, to: number) =>
      new Map(Array.from({ length: to - from }, (_, i) => [`${from + i}`, new Float32Array(1)]));
    const told: string[] = [];
    const onProgress = (done: number, total: number) => told.push(`${done}/${total}`);
    await new FeatureCache(detector).fill([images(0, 3), images(3, 5)], { total: 5, onProgress });
    assert.deepEqual(told, ['0/5', '2/5', '3/5', '5/5']);

    // Of images that are scored, the ones before a lost device count.
    const soFar = new ScoredSoFar();
    soFar.count = 3;
    const done: number[] = [];
    let before: number[] = [];
    async function* none(): AsyncGenerator<ScoringBatch> {
      before = [...done];
      yield* [];
    }
    const scoring = { ...detector, options: {}, vision: { size: 1 } } as unknown as Detector;
    await scoreSet(scoring, {} as Scorer, none(), { ranges: null, soFar, onProgress: (count) => done.push(count) });
    assert.deepEqual(before, [3]);
  });
});
