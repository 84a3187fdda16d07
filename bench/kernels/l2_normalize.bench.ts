import type { Gpu } from '../../src/gpu/gpu.ts';
import { ROW_KERNELS } from '../../src/lab/kernels/rows.ts';
import { type BenchCase, bench } from '../registry.ts';

/** Patch features of four images. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  yield ROW_KERNELS.L2_NORMALIZE.at(gpu, { rows: 1156, width: 768 });
  yield ROW_KERNELS.L2_NORMALIZE_BACKWARD.at(gpu, { rows: 1156, width: 768 });
}

bench('l2_normalize', cases);
