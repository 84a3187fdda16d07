import type { Gpu } from '../../src/gpu/gpu.ts';
import { IMAGE_KERNELS } from '../../src/lab/kernels/images.ts';
import { type BenchCase, bench } from '../registry.ts';

/** Maps of two images of 240 × 240 pixels with the window of the default settings. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  yield IMAGE_KERNELS.GUIDED_UPSAMPLE.at(gpu, { batch: 2, height: 240, width: 240, radius: 14 });
}

bench('guided_upsample', cases);
