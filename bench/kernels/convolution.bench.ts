import type { Gpu } from '../../src/gpu/gpu.ts';
import { convolution, unfoldWindows } from '../../src/kernels/convolution.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';

/** Shapes of ResNet-50 at 224 px. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const images = filled(gpu, 1, 224, 224, 3);
  const stem = { side: 7, stride: 2, pad: 3 };
  yield {
    name: '224 px, windows of 7',
    flops: 0,
    bytes: 4 * (images.size + 112 * 112 * 147),
    variants: [{ name: 'unfold', run: () => void unfoldWindows(images, stem) }],
  };
  for (const [grid, width] of [
    [56, 64],
    [14, 256],
  ]) {
    const x = filled(gpu, 1, grid, grid, width);
    const weight = filled(gpu, width, 9 * width);
    yield {
      name: `${grid}×${grid}×${width}, windows of 3`,
      flops: 2 * grid * grid * 9 * width * width,
      bytes: 4 * (2 * x.size + weight.size),
      variants: [{ name: 'product', run: () => void convolution(x, weight, { side: 3, stride: 1, pad: 1 }) }],
    };
  }
}

bench('convolution', cases);
