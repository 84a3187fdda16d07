import type { Gpu } from '../../src/gpu/gpu.ts';
import { focal, focalBackward } from '../../src/kernels/focal.ts';
import { softmax } from '../../src/kernels/softmax.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** Eight layers and branches, two images of 240 px. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const [groups, batch, side] = [8, 2, 240];
  const prob = softmax(filled(gpu, groups * batch, side, side, 2));
  const mask = filled(gpu, batch, side, side);
  const grad = filled(gpu, groups);
  yield single('forward', 10 * prob.size, 4 * prob.size, () => focal(prob, mask));
  yield single('backward', 10 * prob.size, 8 * prob.size, () => focalBackward(grad, prob, mask));
}

bench('focal', cases);
