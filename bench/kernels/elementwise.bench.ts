import type { Gpu } from '../../src/gpu/gpu.ts';
import { addInto, scale, scaleRows } from '../../src/kernels/elementwise.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** The residual stream of ViT-L for two images of 240 px. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const x = filled(gpu, 580, 1024);
  const other = filled(gpu, 580, 1024);
  const rows = filled(gpu, 580);
  yield single('scale', x.size, 8 * x.size, () => scale(x, 2));
  yield single('addInto', 2 * x.size, 12 * x.size, () => addInto(x, other, 1e-3));
  yield single('scaleRows', x.size, 8 * x.size, () => scaleRows(x, rows));
}

bench('elementwise', cases);
