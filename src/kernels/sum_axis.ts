import { GpuArray } from '../gpu/array.ts';
import { sum_axis, sum_axis_odd } from './shaders.gen.ts';
import { elementGrid } from './shapes.ts';

/** Terms that one invocation adds; more make another stage. */
const TERMS = 64;

/**
 * factor · Σ over the middle axis of x seen as [outer, rows, inner], in a fixed order: stages of at most 64 terms, so the
 * relative error stays near one rounding for millions of terms.
 * @param x outer·rows·inner elements of any shape
 * @param shape of the result: outer·inner elements
 */
export function sumAxis(
  x: GpuArray,
  [outer, rows, inner]: readonly [number, number, number],
  shape: readonly number[],
  factor = 1,
): GpuArray {
  if (x.dtype !== 'f32' || x.size !== outer * rows * inner) {
    throw new Error(`sum_axis: ${x.dtype} [${x.shape}] is not f32 [${outer}, ${rows}, ${inner}]`);
  }
  const { gpu } = x;
  let from = x;
  let left = rows;
  for (;;) {
    const chunks = Math.max(1, Math.ceil(left / TERMS));
    const last = chunks === 1;
    const y = GpuArray.empty(gpu, last ? shape : [outer, chunks, inner]);
    const params = { outer, rows: left, chunks, factor: last ? factor : 1 };
    if (inner % 4 === 0) {
      gpu.run({
        shader: sum_axis,
        buffers: { x: from, y },
        params: { ...params, inner4: inner / 4 },
        groups: elementGrid((outer * chunks * inner) / 4, sum_axis.constants.WORKGROUP),
        flops: outer * left * inner,
      });
    } else {
      gpu.run({
        shader: sum_axis_odd,
        buffers: { x: from, y },
        params: { ...params, inner },
        groups: elementGrid(outer * chunks * inner, sum_axis_odd.constants.WORKGROUP),
        flops: outer * left * inner,
      });
    }
    // Commands run in order, so the memory of a stage may be handed out again right away.
    if (from !== x) from.release();
    if (last) return y;
    from = y;
    left = chunks;
  }
}
