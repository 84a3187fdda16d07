import type { Gpu } from '../../src/gpu/gpu.ts';
import { maxPool } from '../../src/kernels/max_pool.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';

/** The stem of ResNet-50 at 224 px. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const x = filled(gpu, 1, 112, 112, 64);
  yield {
    name: '112×112×64, windows of 3',
    flops: 9 * 56 * 56 * 64,
    bytes: 4 * (x.size + 56 * 56 * 64),
    variants: [{ name: 'pool', run: () => void maxPool(x, { side: 3, stride: 2, pad: 1 }) }],
  };
}

bench('max_pool', cases);
