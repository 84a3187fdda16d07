import { type ClipConfig, presetConfig } from '../../src/clip/index.ts';
import { generatedBackbone } from '../../src/detect/backbone.ts';
import { Detector } from '../../src/detect/detector.ts';
import type { TrainItem } from '../../src/detect/support.ts';
import { fusionOptions } from '../../src/fusion/index.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { trainOptions } from '../../src/run/options.ts';
import { Trainer } from '../../src/train/index.ts';
import { type BenchCase, bench } from '../registry.ts';
import { wholeCase } from './whole.ts';

/** As large as the model that comes with the program. */
function small(): ClipConfig {
  const tower = { width: 128, layers: 6, heads: 2, mlp: 512 };
  const config = presetConfig('T');
  return {
    ...config,
    embed: 128,
    vision: { ...tower, patch: 14, nativeSize: 168 },
    text: { ...config.text, ...tower },
  };
}

/** Steps on a whole batch of images with masks, features cached; the loss is waited for in every step. */
async function* cases(gpu: Gpu): AsyncIterable<BenchCase> {
  for (const [name, config, size, batch] of [
    ['small', small(), 168, 16],
    ['ViT-L-14', presetConfig('ViT-L-14'), 240, gpu.facts.software ? 1 : 16],
  ] as const) {
    const detector = await Detector.open({
      ...{ gpu, backbone: await generatedBackbone(config, 1, name), kind: 'pixel', object: 'Brain', seed: 1 },
      options: fusionOptions({ size: String(size), weights: 'f32' }),
    });
    const items = Array.from({ length: batch }, (_, i): TrainItem => {
      const input = Float32Array.from({ length: 3 * size * size }, (_, k) => Math.sin(k * (i + 1)));
      const mask = Uint8Array.from({ length: size * size }, (_, k) => (i % 2 && k % size < size / 4 ? 1 : 0));
      return { id: String(i), label: (i % 2) as 0 | 1, input, mask };
    });
    const options = trainOptions({ batch: String(batch), epochs: '1000000' });
    const trainers = [true, false].map((eager) => new Trainer(detector, items, options, { eager }));
    for (const trainer of trainers) await trainer.prepare();
    yield wholeCase(gpu, `${name} ${size} px × ${batch}`, 2 * detector.storage.bytes, [
      { name: 'eager', run: () => trainers[0].runEpoch() },
      { name: 'replayed', run: () => trainers[1].runEpoch() },
    ]);
    for (const trainer of trainers) trainer.release();
    detector.release();
  }
}

bench('training_step', cases);
