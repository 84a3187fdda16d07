import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { l2Normalize, l2NormalizeBackward } from '../../src/kernels/l2_normalize.ts';
import { l2_normalize_odd } from '../../src/kernels/shaders.gen.ts';
import { elementGrid } from '../../src/kernels/shapes.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** Patch features of four images. The scalar kernel, meant for odd widths, is beside the one with four elements at a time. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const [rows, width] = [1156, 768];
  const x = filled(gpu, rows, width);
  const { y, inverseNorm } = l2Normalize(x);
  const scalar = () =>
    gpu.run({
      shader: l2_normalize_odd,
      buffers: { x, y: GpuArray.empty(gpu, x.shape), inverse_norm: GpuArray.empty(gpu, [rows]) },
      params: { rows, width, eps: 1e-12 },
      groups: elementGrid(rows, l2_normalize_odd.constants.WORKGROUP),
    });
  yield {
    name: `${rows}×${width}`,
    flops: 3 * x.size,
    bytes: 8 * x.size,
    variants: [
      { name: 'scalar', run: scalar },
      { name: 'vec4', run: () => void l2Normalize(x) },
    ],
  };
  yield single('backward', 5 * x.size, 12 * x.size, () => l2NormalizeBackward(x, y, inverseNorm));
}

bench('l2_normalize', cases);
