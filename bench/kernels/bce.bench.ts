import type { Gpu } from '../../src/gpu/gpu.ts';
import { bce, bceBackward } from '../../src/kernels/bce.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** Eight groups of 176 images: next to nothing, so this is the cost of a launch. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const [groups, batch] = [8, 176];
  const pair = filled(gpu, groups * batch, 2);
  const label = filled(gpu, batch);
  const grad = filled(gpu, groups);
  yield single('margin', 20 * pair.rows, 8 * pair.rows, () => bce(pair, label, 'margin'));
  yield single('margin backward', 10 * pair.rows, 16 * pair.rows, () => bceBackward(grad, pair, label, 'margin'));
}

bench('bce', cases);
