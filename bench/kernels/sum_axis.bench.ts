import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { sum_axis as any } from '../../src/kernels/shaders.gen.ts';
import { elementGrid } from '../../src/kernels/shapes.ts';
import { sumAxis } from '../../src/kernels/sum_axis.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single, twoVariants } from '../single.ts';

/** One stage, the gradient of a bias, a sum of everything, and partial sums of a loss. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const x = filled(gpu, 580, 1024);
  const stage = () =>
    gpu.run({
      shader: any,
      buffers: { x, y: GpuArray.empty(gpu, [10_240]) },
      params: { outer: 1, rows: 58, chunks: 1, inner: 10_240, factor: 1 },
      groups: elementGrid(10_240, any.constants.WORKGROUP),
    });
  yield twoVariants('58 rows of 10,240', x.size, 4 * x.size, stage, () => sumAxis(x, [1, 58, 10_240], [10_240]));
  yield single('580 rows of 1024', x.size, 4 * x.size, () => sumAxis(x, [1, 580, 1024], [1024]));
  yield single('all of 593,920', x.size, 4 * x.size, () => sumAxis(x, [1, x.size, 1], [1]));
  const parts = filled(gpu, 16, 900, 3);
  yield single('16 × 900 rows of 3', parts.size, 4 * parts.size, () => sumAxis(parts, [16, 900, 3], [16, 3]));
}

bench('sum_axis', cases);
