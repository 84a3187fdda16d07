import type { Gpu } from '../../src/gpu/gpu.ts';
import { PRODUCT_KERNELS } from '../../src/lab/kernels/products.ts';
import { type BenchCase, bench } from '../registry.ts';

/** ViT-L/14 at 240 px, and the text tower with three sentences. */
const SHAPES = [
  { batch: 1, length: 290, heads: 16, width: 64, causal: 0 },
  { batch: 3, length: 77, heads: 12, width: 64, causal: 1 },
] as const;

function* cases(gpu: Gpu): Iterable<BenchCase> {
  for (const sizes of SHAPES) {
    yield PRODUCT_KERNELS.ATTENTION.at(gpu, sizes);
    yield PRODUCT_KERNELS.ATTENTION_BACKWARD.at(gpu, sizes);
  }
}

bench('attention', cases);
