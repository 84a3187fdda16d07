import type { Gpu } from '../../src/gpu/gpu.ts';
import { attentionBackwardWith, attentionWith } from '../../src/kernels/attention.ts';
import { ATTENTION_VARIANTS } from '../../src/kernels/attention_variants.ts';
import { runnable } from '../../src/kernels/variants.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';

/** ViT-L/14 at 240 px, and the text tower with three sentences. */
const SHAPES = [
  { batch: 1, length: 290, heads: 16, causal: false },
  { batch: 3, length: 77, heads: 12, causal: true },
] as const;

function* cases(gpu: Gpu): Iterable<BenchCase> {
  const forward = runnable(ATTENTION_VARIANTS, gpu.facts);
  // A variant that borrows its gradient has none to time.
  const backward = forward.filter((name, i) => {
    const { backward: own } = ATTENTION_VARIANTS[name];
    return !forward.slice(0, i).some((other) => ATTENTION_VARIANTS[other].backward === own);
  });
  for (const { batch, length, heads, causal } of SHAPES) {
    const width = 64 * heads;
    const qkv = filled(gpu, batch, length, 3 * width);
    const grad = filled(gpu, batch, length, width);
    const result = attentionWith(undefined, qkv, heads, { causal });
    const pairs = batch * heads * (causal ? (length * (length + 1)) / 2 : length * length);
    const name = `${batch}×${length}×${heads}×64${causal ? ' causal' : ''}`;
    yield {
      name,
      flops: 4 * 64 * pairs,
      bytes: 16 * batch * length * width,
      variants: forward.map((name) => ({ name, run: () => void attentionWith(name, qkv, heads, { causal }) })),
    };
    yield {
      name: `${name} backward`,
      flops: 10 * 64 * pairs,
      bytes: 32 * batch * length * width,
      variants: backward.map((name) => ({
        name,
        run: () => void attentionBackwardWith(name, grad, qkv, result, heads, { causal }),
      })),
    };
  }
}

bench('attention', cases);
