import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { add, addInto, scale, scaleRows } from '../../src/kernels/elementwise.ts';
import { elementwise_add_odd } from '../../src/kernels/shaders.gen.ts';
import { elementGrid } from '../../src/kernels/shapes.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single, twoRungs } from '../single.ts';

/** The residual stream of ViT-L for two images of 240 px. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const x = filled(gpu, 580, 1024);
  const other = filled(gpu, 580, 1024);
  const bias = filled(gpu, 1024);
  const rows = filled(gpu, 580);
  yield single('add', x.size, 12 * x.size, () => add(x, other));
  const odd = () =>
    gpu.run({
      shader: elementwise_add_odd,
      buffers: { a: x, b: bias, y: GpuArray.empty(gpu, x.shape) },
      params: { size: x.size, period: bias.size },
      groups: elementGrid(x.size, elementwise_add_odd.constants.WORKGROUP),
    });
  yield twoRungs('add [1024]', x.size, 8 * x.size, odd, () => add(x, bias));
  yield single('scale', x.size, 8 * x.size, () => scale(x, 2));
  yield single('addInto', 2 * x.size, 12 * x.size, () => addInto(x, other, 1e-3));
  yield single('scaleRows', x.size, 8 * x.size, () => scaleRows(x, rows));
}

bench('elementwise', cases);
