import type { Gpu } from '../../src/gpu/gpu.ts';
import { ROW_KERNELS } from '../../src/lab/kernels/rows.ts';
import { type BenchCase, bench } from '../registry.ts';

/** Scores of four heads over 290 tokens; the two classes of sixteen maps, beside the kernel for any width. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  for (const sizes of [
    { rows: 1160, width: 290 },
    { rows: 16 * 240 * 240, width: 2 },
  ]) {
    yield ROW_KERNELS.SOFTMAX.at(gpu, sizes);
    yield ROW_KERNELS.SOFTMAX_BACKWARD.at(gpu, sizes);
  }
}

bench('softmax', cases);
