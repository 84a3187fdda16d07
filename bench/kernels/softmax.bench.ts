import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { softmax as rows, softmax_backward } from '../../src/kernels/shaders.gen.ts';
import { elementGrid } from '../../src/kernels/shapes.ts';
import { softmax, softmaxBackward } from '../../src/kernels/softmax.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single, twoVariants } from '../single.ts';

/** Scores of four heads over 290 tokens; the two classes of sixteen maps, beside the kernel for any width. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const scores = filled(gpu, 1160, 290);
  yield single('1160×290', 10 * scores.size, 8 * scores.size, () => softmax(scores));
  yield single('1160×290 backward', 4 * scores.size, 12 * scores.size, () => softmaxBackward(scores, scores));
  const maps = filled(gpu, 16, 240, 240, 2);
  const general = () =>
    gpu.run({
      shader: rows,
      buffers: { x: maps, y: GpuArray.empty(gpu, maps.shape) },
      params: { rows: maps.rows, width: 2 },
      groups: elementGrid(maps.rows, rows.constants.WORKGROUP),
    });
  const generalBackward = () =>
    gpu.run({
      shader: softmax_backward,
      buffers: { grad: maps, y: maps, dx: GpuArray.empty(gpu, maps.shape) },
      params: { rows: maps.rows, width: 2 },
      groups: elementGrid(maps.rows, softmax_backward.constants.WORKGROUP),
    });
  const pairs = '16×240×240×2';
  yield twoVariants(pairs, 10 * maps.size, 8 * maps.size, general, () => softmax(maps));
  const backward = () => softmaxBackward(maps, maps);
  yield twoVariants(`${pairs} backward`, 4 * maps.size, 12 * maps.size, generalBackward, backward);
}

bench('softmax', cases);
