import type { Gpu } from '../../src/gpu/gpu.ts';
import { unary } from '../../src/kernels/unary.ts';
import { POINTWISE_KERNELS } from '../../src/lab/kernels/pointwise.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** As many numbers as the residual stream of ViT-L for two images of 240 px. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const x = filled(gpu, 580, 1024);
  for (const kernel of POINTWISE_KERNELS.UNARY) yield kernel.at(gpu, { rows: 580, width: 1024 });
  for (const exponent of [2, 0.5])
    yield single(`power ${exponent}`, x.size, 8 * x.size, () => unary('power', x, exponent));
}

bench('unary', cases);
