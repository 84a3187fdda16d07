import type { Gpu } from '../../src/gpu/gpu.ts';
import { IMAGE_KERNELS } from '../../src/lab/kernels/images.ts';
import { type BenchCase, bench } from '../registry.ts';

/** The stem of ResNet-50 at 224 px. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  yield IMAGE_KERNELS.MAX_POOL.at(gpu, { pixels: 112, channels: 64, side: 3, stride: 2, pad: 1 });
}

bench('max_pool', cases);
