import type { Gpu } from '../../src/gpu/gpu.ts';
import { bilinearResize, bilinearResizeBackward } from '../../src/kernels/resize.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** Logits of eight layers and branches, two images: 17 × 17 patches to 240 × 240 pixels. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const x = filled(gpu, 16, 17, 17, 2);
  const grad = filled(gpu, 16, 240, 240, 2);
  // The same numbers as one channel of twice the width: what the kernel for any number of channels takes for them.
  const flat = filled(gpu, 16, 17, 34, 1);
  yield {
    name: 'forward',
    flops: 9 * grad.size,
    bytes: 4 * grad.size,
    variants: [
      { name: 'any', run: () => void bilinearResize(flat, [240, 480], true) },
      { name: 'pair', run: () => void bilinearResize(x, [240, 240], true) },
    ],
  };
  yield single('backward', 4 * grad.size, 4 * grad.size, () => bilinearResizeBackward(grad, [17, 17], true));
}

bench('resize', cases);
