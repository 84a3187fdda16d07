import type { Gpu } from '../../src/gpu/gpu.ts';
import { infoNce, infoNceBackward } from '../../src/kernels/info_nce.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** A batch of 256 pairs, four times that of the default pre-training. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const batch = 256;
  const cosine = filled(gpu, batch, batch);
  const one = filled(gpu, 1);
  const targets = { wanted: filled(gpu, batch, batch), weights: filled(gpu, 2 * batch) };
  const { logSumExp } = infoNce(cosine, one, targets);
  const flops = 12 * cosine.size;
  yield single('forward', flops, 16 * cosine.size, () => infoNce(cosine, one, targets));
  yield single('backward', flops, 12 * cosine.size, () => infoNceBackward(one, cosine, one, targets, logSumExp));
}

bench('info_nce', cases);
