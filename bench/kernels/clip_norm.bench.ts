import type { Gpu } from '../../src/gpu/gpu.ts';
import { clipNorm } from '../../src/kernels/clip_norm.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** Four feed-forward matrices of ViT-B, and the biases that go with them. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const grads = [0, 1, 2, 3].flatMap(() => [filled(gpu, 3072, 768), filled(gpu, 3072)]);
  const schedule = filled(gpu, 8);
  const size = grads.reduce((sum, grad) => sum + grad.size, 0);
  yield single('8 gradients', 2 * size, 4 * size, () => clipNorm(grads, 1, [schedule]));
}

bench('clip_norm', cases);
