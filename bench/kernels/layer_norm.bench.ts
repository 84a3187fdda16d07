import type { Gpu } from '../../src/gpu/gpu.ts';
import { layerNorm, layerNormBackward } from '../../src/kernels/layer_norm.ts';
import { ROW_KERNELS } from '../../src/lab/kernels/rows.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** Tokens of two images of 240 px in ViT-L. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const [rows, width] = [580, 1024];
  yield ROW_KERNELS.LAYER_NORM.at(gpu, { rows, width });
  yield ROW_KERNELS.LAYER_NORM_BACKWARD.at(gpu, { rows, width });
  const x = filled(gpu, rows, width);
  const weight = filled(gpu, width);
  const { mean, rstd } = layerNorm(x, weight, weight);
  const need = { x: false, weight: true };
  const gradients = () => layerNormBackward(x, x, weight, mean, rstd, need);
  yield single('backward weight, bias', 5 * x.size, 8 * x.size, gradients);
}

bench('layer_norm', cases);
