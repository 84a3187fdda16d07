import type { Gpu } from '../../src/gpu/gpu.ts';
import { adamStep } from '../../src/kernels/adam.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** One GAL adapter of ViT-L/14: 768 × 2048. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const shape = [768, 2048];
  const [param, grad, exp_avg, exp_avg_sq] = [0, 1, 2, 3].map(() => filled(gpu, ...shape));
  const schedule = filled(gpu, 8);
  const run = () => adamStep(param, grad, { exp_avg, exp_avg_sq }, schedule);
  yield single(shape.join('×'), 14 * param.size, 28 * param.size, run);
}

bench('adam', cases);
