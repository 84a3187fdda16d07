import type { Gpu } from '../../src/gpu/gpu.ts';
import { patchEmbedding, unfoldPatches } from '../../src/kernels/patch_embedding.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';

/** ViT-L/14 at 240 px. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const images = filled(gpu, 1, 3, 240, 240);
  const weight = filled(gpu, 1024, 3, 14, 14);
  const columns = 3 * 14 * 14;
  yield {
    name: '240 px, 14 px patches',
    flops: 0,
    bytes: 8 * 289 * columns,
    variants: [{ name: 'unfold', run: () => void unfoldPatches(images, 14) }],
  };
  yield {
    name: '240 px, to 1024 columns',
    flops: 2 * 289 * columns * 1024,
    bytes: 4 * (289 * columns + 1024 * columns + 289 * 1024),
    variants: [{ name: 'product', run: () => void patchEmbedding(images, weight) }],
  };
}

bench('patch_embedding', cases);
