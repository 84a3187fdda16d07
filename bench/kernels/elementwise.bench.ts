import type { Gpu } from '../../src/gpu/gpu.ts';
import { add, addInto, scale, scaleRows } from '../../src/kernels/elementwise.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** The residual stream of ViT-L for two images of 240 px. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const x = filled(gpu, 580, 1024);
  const other = filled(gpu, 580, 1024);
  const bias = filled(gpu, 1024);
  const odd = filled(gpu, 580, 1023);
  const oddBias = filled(gpu, 1023);
  const rows = filled(gpu, 580);
  yield single('add', x.size, 12 * x.size, () => add(x, other));
  yield single('add [1024]', x.size, 8 * x.size, () => add(x, bias));
  yield single('add [1023]', odd.size, 8 * odd.size, () => add(odd, oddBias));
  yield single('scale', x.size, 8 * x.size, () => scale(x, 2));
  yield single('addInto', 2 * x.size, 12 * x.size, () => addInto(x, other, 1e-3));
  yield single('scaleRows', x.size, 8 * x.size, () => scaleRows(x, rows));
}

bench('elementwise', cases);
