import { type ClipConfig, presetConfig } from '../../src/clip/index.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { type BenchCase, bench } from '../registry.ts';
import { trainingOf } from './training.ts';
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
    const { trainers, bytes, release } = await trainingOf(gpu, {
      ...{ name, config, size, batch, storage: 'f32', eager: [true, false] },
    });
    yield wholeCase(gpu, `${name} ${size} px × ${batch}`, 2 * bytes, [
      { name: 'eager', run: () => trainers[0].runEpoch() },
      { name: 'replayed', run: () => trainers[1].runEpoch() },
    ]);
    release();
  }
}

bench('training_step', cases);
