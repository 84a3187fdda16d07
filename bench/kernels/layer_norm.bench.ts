import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { layerNorm, layerNormBackward } from '../../src/kernels/layer_norm.ts';
import { layer_norm, layer_norm_backward } from '../../src/kernels/shaders.gen.ts';
import { elementGrid } from '../../src/kernels/shapes.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single, twoVariants } from '../single.ts';

/** Tokens of two images of 240 px in ViT-L. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const [rows, width] = [580, 1024];
  const x = filled(gpu, rows, width);
  const weight = filled(gpu, width);
  const { mean, rstd } = layerNorm(x, weight, weight);
  const groups = elementGrid(rows, layer_norm.constants.WORKGROUP);
  const forward = () =>
    gpu.run({
      shader: layer_norm,
      buffers: {
        ...{ x, weight, bias: weight, y: GpuArray.empty(gpu, x.shape) },
        ...{ mean: GpuArray.empty(gpu, [rows]), rstd: GpuArray.empty(gpu, [rows]) },
      },
      params: { rows, width, eps: 1e-5 },
      groups,
    });
  yield twoVariants(`${rows}×${width}`, 8 * x.size, 8 * x.size, forward, () => layerNorm(x, weight, weight));
  const backward = () =>
    gpu.run({
      shader: layer_norm_backward,
      buffers: { grad: x, x, weight, mean, rstd, dx: GpuArray.empty(gpu, x.shape) },
      params: { rows, width },
      groups,
    });
  const gradients = (need: { x: boolean; weight: boolean }) => layerNormBackward(x, x, weight, mean, rstd, need);
  yield twoVariants('backward x', 9 * x.size, 12 * x.size, backward, () => gradients({ x: true, weight: false }));
  yield single('backward weight, bias', 5 * x.size, 8 * x.size, () => gradients({ x: false, weight: true }));
}

bench('layer_norm', cases);
