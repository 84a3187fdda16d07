import type { Gpu } from '../../src/gpu/gpu.ts';
import { countNonFinite } from '../../src/kernels/non_finite.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** One GAL adapter's gradient. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const x = filled(gpu, 768, 2048);
  yield single('768×2048', 0, 4 * x.size, () => countNonFinite(x));
}

bench('non_finite', cases);
