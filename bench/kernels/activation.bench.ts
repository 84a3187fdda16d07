import type { Gpu } from '../../src/gpu/gpu.ts';
import { POINTWISE_KERNELS } from '../../src/lab/kernels/pointwise.ts';
import { type BenchCase, bench } from '../registry.ts';

/** The hidden layer of a ViT-L block for one image of 240 px. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const { ACTIVATIONS, ACTIVATION_GRADIENTS } = POINTWISE_KERNELS;
  for (const kernel of [...ACTIVATIONS, ...ACTIVATION_GRADIENTS]) yield kernel.at(gpu, { rows: 290, width: 4096 });
}

bench('activation', cases);
