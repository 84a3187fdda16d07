import { GeneratedClipModel, presetConfig, VisionTower } from '../../src/clip/index.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { Tensor } from '../../src/nn/index.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { wholeCase } from './whole.ts';

/** Whole forward passes of the vision tower, the embedding included. */
async function* cases(gpu: Gpu): AsyncIterable<BenchCase> {
  for (const [name, size] of [
    ['ViT-B-32', 224],
    ['ViT-L-14', 240],
  ] as const) {
    const weights = new GeneratedClipModel(presetConfig(name), 1);
    const tower = await VisionTower.load(gpu, weights, { size, storage: 'f32' });
    // A software adapter takes ten seconds for one image of ViT-L/14.
    for (const batch of gpu.facts.software ? [1] : [1, 8]) {
      const images = new Tensor(filled(gpu, batch, 3, size, size));
      const run = () => void tower.encode(images, { embedding: true });
      yield wholeCase(gpu, `${name} ${size} px × ${batch}`, tower.storage.bytes + images.value.bytes, [
        { name: 'f32', run },
      ]);
    }
    tower.release();
  }
}

bench('vision', cases);
