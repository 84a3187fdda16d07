import type { Gpu } from '../../src/gpu/gpu.ts';
import { activation, activationBackward } from '../../src/kernels/activation.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** The hidden layer of a ViT-L block for one image of 240 px. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const x = filled(gpu, 290, 4096);
  for (const kind of ['relu', 'gelu', 'quickgelu'] as const) {
    yield single(kind, 20 * x.size, 8 * x.size, () => activation(x, kind));
    yield single(`${kind} backward`, 25 * x.size, 12 * x.size, () => activationBackward(x, x, kind));
  }
}

bench('activation', cases);
