import { GeneratedClipModel, presetConfig, VisionTower } from '../../src/clip/index.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { Tensor, transformerBlock } from '../../src/nn/index.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { BLOCK } from '../shapes.ts';
import { wholeCase } from './whole.ts';

/** Whole forward passes of the vision tower, the embedding included. */
async function* forward(gpu: Gpu): AsyncIterable<BenchCase> {
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

/** One block of ViT-L/14 at 240 px: 290 tokens of 1,024. */
async function* block(gpu: Gpu): AsyncIterable<BenchCase> {
  const { tokens, width, heads, mlp } = BLOCK;
  const affine = (out: number, into: number) => ({
    weight: new Tensor(filled(gpu, out, into)),
    bias: new Tensor(filled(gpu, out)),
  });
  const norm = () => ({ weight: new Tensor(filled(gpu, width)), bias: new Tensor(filled(gpu, width)) });
  const weights = {
    ...{ ln_1: norm(), qkv: affine(3 * width, width), out: affine(width, width) },
    ...{ ln_2: norm(), fc: affine(mlp, width), proj: affine(width, mlp) },
  };
  const x = new Tensor(filled(gpu, 1, tokens, width));
  const run = () => void transformerBlock(x, weights, { heads, act: 'quickgelu', causal: false });
  yield wholeCase(gpu, `${tokens} tokens of ${width}`, 4 * (12 * width * width + 2 * tokens * width), [
    { name: 'f32', run },
  ]);
}

bench('vit_block', block);
bench('vision', forward);
