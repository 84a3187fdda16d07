import { elements, GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { sliceLaunch } from './rows.ts';
import { sum_axis, sum_axis_vec4 } from './shaders.gen.ts';
import { elementGrid } from './shapes.ts';

/** Terms that one invocation adds; more make another stage. */
const TERMS = 64;
/** An inner axis as long as this has a neighbour for each invocation of a GPU: a sum need not be shared. */
const LONG = 32;

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
    const { chunks, ...launch } = stage(gpu, outer, left, inner);
    const last = chunks === 1;
    const y = GpuArray.empty(gpu, last ? shape : [outer, chunks, inner]);
    gpu.run({
      ...launch,
      buffers: { x: from, y },
      params: { outer, rows: left, inner, chunks, factor: last ? factor : 1 },
      flops: outer * left * inner,
    });
    // Commands run in order, so the memory of a stage may be handed out again right away.
    if (from !== x) from.release();
    if (last) return y;
    from = y;
    left = chunks;
  }
}

/** The kernel of a stage, its workgroups, and how many sums it leaves of each. */
function stage(gpu: Gpu, outer: number, rows: number, inner: number) {
  if (inner < LONG && inner % 4 !== 0) return { shader: sum_axis, ...sliceLaunch(gpu, outer * inner, rows) };
  const chunks = Math.max(1, Math.ceil(rows / TERMS));
  const [shader, multiple] = inner % 4 === 0 ? ([sum_axis_vec4, 4] as const) : ([sum_axis, 1] as const);
  const groups = elementGrid((outer * chunks * inner) / multiple, shader.constants.WORKGROUP);
  return { shader, chunks, groups };
}

/**
 * factor · Σ over some axes, which keep a length of 1. Axes that are not neighbours are summed one run after the other, the
 * innermost first.
 * @param axes numbers of axes, in any order
 */
export function sumAxes(x: GpuArray, axes: readonly number[], factor = 1): GpuArray {
  const wanted = new Set(axes);
  if (wanted.size !== axes.length || axes.some((axis) => !(axis in x.shape))) {
    throw new Error(`sum: [${axes}] are not axes of [${x.shape}]`);
  }
  const runs: [first: number, end: number][] = [];
  for (let axis = x.shape.length - 1; axis >= 0; axis--) {
    const last = runs[runs.length - 1];
    if (!wanted.has(axis) || x.shape[axis] === 1) continue;
    if (last?.[0] === axis + 1) last[0] = axis;
    else runs.push([axis, axis + 1]);
  }
  // Nothing to add: one pass all the same, for the factor and for memory of its own.
  if (runs.length === 0) runs.push([0, 0]);
  let from = x;
  runs.forEach(([first, end], i) => {
    const shape = from.shape.map((n, axis) => (axis >= first && axis < end ? 1 : n));
    const [outer, rows, inner] = [from.shape.slice(0, first), from.shape.slice(first, end), from.shape.slice(end)];
    const last = i === runs.length - 1;
    const y = sumAxis(from, [elements(outer), elements(rows), elements(inner)], shape, last ? factor : 1);
    if (from !== x) from.release();
    from = y;
  });
  return from;
}

/**
 * Sum over the axes along which an array of `shape` was repeated to become as large as x: the backward of broadcasting.
 * @returns an array of `shape`; x itself under that shape when nothing was repeated
 */
export function sumTo(x: GpuArray, shape: readonly number[]): GpuArray {
  if (elements(shape) === x.size) return x.reshape(shape);
  const missing = x.shape.length - shape.length;
  const axes = x.shape.flatMap((n, axis) => (n !== 1 && (shape[axis - missing] ?? 1) === 1 ? [axis] : []));
  const kept = x.shape.map((n, axis) => (axes.includes(axis) ? 1 : n));
  if (missing < 0 || kept.some((n, axis) => n !== (shape[axis - missing] ?? 1))) {
    throw new Error(`sumTo: [${shape}] does not broadcast to [${x.shape}]`);
  }
  return sumAxes(x, axes).reshape(shape);
}
