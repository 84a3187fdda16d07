import { GpuArray } from '../gpu/array.ts';
import { CLIP_ENTRY } from './adam.ts';
import { rowLaunch } from './rows.ts';
import { clip_norm, clip_norm_factor } from './shaders.gen.ts';
import { expectShape } from './shapes.ts';
import { sumAxis } from './sum_axis.ts';

/** Elements whose squares become one sum. */
const CHUNK = 4 * clip_norm.constants.QUADS;

/**
 * Gradient clipping by the global norm, as torch does it, without a wait: the factor min(1, most / (norm + 1e-6)) is
 * written into the schedules that `adamStep` reads.
 * @param grads any shapes; all of them count into one norm
 * @param schedules f32 [8] each, already filled (adam.ts)
 * @returns the norm before clipping, [1]
 */
export function clipNorm(grads: readonly GpuArray[], most: number, schedules: readonly GpuArray[]): GpuArray {
  const { gpu } = schedules[0];
  const counts = grads.map(({ size }) => Math.ceil(size / CHUNK));
  const count = counts.reduce((a, b) => a + b, 0);
  const squares = GpuArray.empty(gpu, [count]);
  let offset = 0;
  grads.forEach((grad, i) => {
    gpu.run({
      shader: clip_norm,
      buffers: { grad, squares },
      params: { size: grad.size, offset },
      ...rowLaunch(gpu, counts[i], clip_norm.constants.QUADS),
      flops: 2 * grad.size,
    });
    offset += counts[i];
  });
  const total = sumAxis(squares, [1, count, 1], [1]);
  squares.release();
  const norm = GpuArray.empty(gpu, [1]);
  for (const schedule of schedules) {
    expectShape('clip_norm schedule', schedule, [8]);
    gpu.run({
      shader: clip_norm_factor,
      buffers: { total, schedule, norm },
      params: { entry: CLIP_ENTRY, most },
      groups: [1],
    });
  }
  total.release();
  return norm;
}
