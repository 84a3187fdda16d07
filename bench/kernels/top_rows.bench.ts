import type { Gpu } from '../../src/gpu/gpu.ts';
import { topRows } from '../../src/kernels/top_rows.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** The patches of sixteen images. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const score = filled(gpu, 16, 289);
  yield single('16×289', score.size * 289, 8 * score.size, () => topRows(score, 10));
}

bench('top_rows', cases);
