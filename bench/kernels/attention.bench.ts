import type { Gpu } from '../../src/gpu/gpu.ts';
import { attentionBackwardWith, attentionWith } from '../../src/kernels/attention.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';

/** ViT-L/14 at 240 px, and the text tower with three sentences. */
const SHAPES = [
  { batch: 1, length: 290, heads: 16, causal: false },
  { batch: 3, length: 77, heads: 12, causal: true },
] as const;
const RUNGS = ['reference', 'registers'] as const;

function* cases(gpu: Gpu): Iterable<BenchCase> {
  const forward = gpu.facts.features.includes('subgroups') ? ([...RUNGS, 'subgroups'] as const) : RUNGS;
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
      variants: forward.map((rung) => ({ name: rung, run: () => void attentionWith(rung, qkv, heads, { causal }) })),
    };
    yield {
      name: `${name} backward`,
      flops: 10 * 64 * pairs,
      bytes: 32 * batch * length * width,
      variants: RUNGS.map((rung) => ({
        name: rung,
        run: () => void attentionBackwardWith(rung, grad, qkv, result, heads, { causal }),
      })),
    };
  }
}

bench('attention', cases);
