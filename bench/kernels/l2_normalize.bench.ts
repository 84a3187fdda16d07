import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { l2Normalize, l2NormalizeBackward } from '../../src/kernels/l2_normalize.ts';
import { l2_normalize, l2_normalize_backward } from '../../src/kernels/shaders.gen.ts';
import { elementGrid } from '../../src/kernels/shapes.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { twoVariants } from '../single.ts';

/** Patch features of four images. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const [rows, width] = [1156, 768];
  const x = filled(gpu, rows, width);
  const { y, inverseNorm } = l2Normalize(x);
  const scalar = () =>
    gpu.run({
      shader: l2_normalize,
      buffers: { x, y: GpuArray.empty(gpu, x.shape), inverse_norm: GpuArray.empty(gpu, [rows]) },
      params: { rows, width, eps: 1e-12 },
      groups: elementGrid(rows, l2_normalize.constants.WORKGROUP),
    });
  const scalarBackward = () =>
    gpu.run({
      shader: l2_normalize_backward,
      buffers: { grad: x, y, inverse_norm: inverseNorm, dx: GpuArray.empty(gpu, x.shape) },
      params: { rows, width, eps: 1e-12 },
      groups: elementGrid(rows, l2_normalize_backward.constants.WORKGROUP),
    });
  yield twoVariants(`${rows}×${width}`, 3 * x.size, 8 * x.size, scalar, () => l2Normalize(x));
  const backward = () => l2NormalizeBackward(x, y, inverseNorm);
  yield twoVariants('backward', 5 * x.size, 12 * x.size, scalarBackward, backward);
}

bench('l2_normalize', cases);
