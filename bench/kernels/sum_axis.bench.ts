import type { Gpu } from '../../src/gpu/gpu.ts';
import { sumAxis } from '../../src/kernels/sum_axis.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** Gradient of a bias, a sum of everything, and partial sums of a loss. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const x = filled(gpu, 580, 1024);
  yield single('580 rows of 1024', x.size, 4 * x.size, () => sumAxis(x, [1, 580, 1024], [1024]));
  yield single('all of 593,920', x.size, 4 * x.size, () => sumAxis(x, [1, x.size, 1], [1]));
  const parts = filled(gpu, 16, 900, 3);
  yield single('16 × 900 rows of 3', parts.size, 4 * parts.size, () => sumAxis(parts, [16, 900, 3], [16, 3]));
}

bench('sum_axis', cases);
