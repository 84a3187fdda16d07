import type { Gpu } from '../../src/gpu/gpu.ts';
import { dice, diceBackward } from '../../src/kernels/dice.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** Eight layers and branches, two images of 240 px. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const [groups, batch, side] = [8, 2, 240];
  const prob = filled(gpu, groups * batch, side, side, 2);
  const mask = filled(gpu, batch, side, side);
  const grad = filled(gpu, groups);
  const { sums } = dice(prob, mask);
  yield single('forward', 2 * prob.size, 4 * prob.size, () => dice(prob, mask));
  yield single('backward', 3 * prob.size, 4 * prob.size, () => diceBackward(grad, sums, mask, prob.shape));
}

bench('dice', cases);
