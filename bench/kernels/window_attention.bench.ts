import type { Gpu } from '../../src/gpu/gpu.ts';
import { windowAttention } from '../../src/kernels/window_attention.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';

/** The first and the third stage of Swin-T at 224 px. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  for (const [grid, heads] of [
    [56, 3],
    [14, 12],
  ]) {
    const width = 32 * heads;
    const qkv = filled(gpu, 1, grid, grid, 3 * width);
    const pad = filled(gpu, 3 * width);
    const table = filled(gpu, 169, heads);
    yield {
      name: `${grid}×${grid} tokens, ${heads} heads`,
      flops: 4 * grid * grid * 49 * width,
      bytes: 4 * (qkv.size + grid * grid * width),
      variants: [
        { name: 'windows', run: () => void windowAttention(qkv, pad, table, { heads, side: 7, shift: 0 }) },
        { name: 'shifted', run: () => void windowAttention(qkv, pad, table, { heads, side: 7, shift: 3 }) },
      ],
    };
  }
}

bench('window_attention', cases);
