import type { Gpu } from '../../src/gpu/gpu.ts';
import { where } from '../../src/kernels/where.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** The residual stream of ViT-L for two images of 240 px, chosen by element and by row. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const [x, other] = [filled(gpu, 580, 1024), filled(gpu, 580, 1024)];
  yield single('by element', 0, 16 * x.size, () => where(other, x, other));
  const rows = filled(gpu, 580, 1);
  yield single('by row', 0, 12 * x.size, () => where(rows, x, other));
}

bench('where', cases);
