import { GpuArray } from '../gpu/array.ts';
import { top_rows } from './shaders.gen.ts';
import { elementGrid, expectAtMost, expectShape } from './shapes.ts';

const MOST_WIDTH = 65_000;

/**
 * Marks the largest elements of each row; of equal ones the earlier is taken.
 * @param score [G, N]
 * @param best how many, 0 … N
 * @returns [G, N] of 1 and 0
 */
export function topRows(score: GpuArray, best: number): GpuArray {
  const [count, width] = score.shape;
  expectShape('top_rows', score, [count, width]);
  expectAtMost('top_rows: width', width, MOST_WIDTH);
  const chosen = GpuArray.empty(score.gpu, score.shape);
  score.gpu.run({
    shader: top_rows,
    buffers: { score, chosen },
    params: { count, width, best },
    groups: elementGrid(score.size, top_rows.constants.WORKGROUP),
    flops: score.size * width,
  });
  return chosen;
}
