import type { Gpu } from '../../src/gpu/gpu.ts';
import { Tensor, transformerBlock } from '../../src/nn/index.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { BLOCK } from '../shapes.ts';
import { wholeCase } from './whole.ts';

/** One block of ViT-L/14 at 240 px: 290 tokens of 1,024. */
async function* cases(gpu: Gpu): AsyncIterable<BenchCase> {
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

bench('vit_block', cases);
