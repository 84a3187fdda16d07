import type { Gpu } from '../../src/gpu/gpu.ts';
import { PRODUCT_KERNELS } from '../../src/lab/kernels/products.ts';
import { type BenchCase, bench } from '../registry.ts';

/** The patches of an image against a bank of about four images with few augmentations. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  yield PRODUCT_KERNELS.BANK_DISTANCE.at(gpu, { rows: 289, entries: 4624, width: 768 });
}

bench('bank_distance', cases);
