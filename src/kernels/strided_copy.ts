import { GpuArray } from '../gpu/array.ts';
import { denseStrides, joinAxes, numbered, repeatedStrides } from './broadcast.ts';
import { strided_copy as shader } from './shaders.gen.ts';
import { elementGrid } from './shapes.ts';

/** Axes that the kernel tells apart, after {@link joinAxes}. */
const MOST_AXES = 6;
const EXTENTS = ['n1', 'n2', 'n3', 'n4', 'n5'] as const;
const STRIDES = ['s0', 's1', 's2', 's3', 's4', 's5'] as const;

/** Places that are strides apart: the first one, and the step along each axis of the dense side. */
interface Places {
  readonly start: number;
  readonly strides: readonly number[];
}

/**
 * The axes of x in another order.
 * @param order which axis of x stands at each place of the result: [1, 0] transposes a matrix
 */
export function permute(x: GpuArray, order: readonly number[]): GpuArray {
  const { shape } = x;
  if (order.length !== shape.length || new Set(order).size !== order.length || order.some((n) => !(n in shape))) {
    throw new Error(`permute: [${order}] is no order of the ${shape.length} axes of [${shape}]`);
  }
  const strides = denseStrides(shape);
  const y = GpuArray.empty(
    x.gpu,
    order.map((n) => shape[n]),
  );
  copy(x, y, y.shape, { start: 0, strides: order.map((n) => strides[n]) }, false);
  return y;
}

/** Entries `start … start+count-1` along one axis. */
export function sliceAxis(x: GpuArray, axis: number, start: number, count: number): GpuArray {
  expectPart('slice', x, axis, start, count);
  const strides = denseStrides(x.shape);
  const y = GpuArray.empty(x.gpu, x.shape.with(axis, count));
  copy(x, y, y.shape, { start: start * strides[axis], strides }, false);
  return y;
}

/** Writes x into entries from `start` on along one axis of `target`; the other axes are equal. */
export function writeSlice(target: GpuArray, x: GpuArray, axis: number, start: number): void {
  expectPart('write into slice', target, axis, start, x.shape[axis]);
  if (x.shape.length !== target.shape.length || x.shape.some((n, i) => i !== axis && n !== target.shape[i])) {
    throw new Error(`write into slice: [${x.shape}] does not go into [${target.shape}] along axis ${axis}`);
  }
  const strides = denseStrides(target.shape);
  copy(x, target, x.shape, { start: start * strides[axis], strides }, true);
}

/**
 * factor · x, repeated to a shape that it broadcasts to.
 * @param shape as of `broadcastShape`
 */
export function repeatTo(x: GpuArray, shape: readonly number[], factor = 1): GpuArray {
  const y = GpuArray.empty(x.gpu, shape);
  copy(x, y, shape, { start: 0, strides: repeatedStrides(x.shape, shape) }, false, factor);
  return y;
}

/** @param scatter x is the dense side, and the places are those of y */
function copy(x: GpuArray, y: GpuArray, shape: readonly number[], places: Places, scatter: boolean, factor = 1): void {
  if (x.dtype !== 'f32' || y.dtype !== 'f32') throw new Error(`a copy needs f32, not ${x.dtype} and ${y.dtype}`);
  const { size } = scatter ? x : y;
  const { extents, strides } = joinAxes('copy', shape, [[...places.strides]], MOST_AXES);
  x.gpu.run({
    shader,
    constants: { AXES: extents.length, SCATTER: Number(scatter) },
    buffers: { x, y },
    params: {
      ...{ size, start: places.start, factor },
      ...numbered(EXTENTS, extents.slice(1)),
      ...numbered(STRIDES, strides[0]),
    },
    groups: elementGrid(size, shader.constants.WORKGROUP),
    flops: factor === 1 ? 0 : size,
  });
}

function expectPart(what: string, { shape }: GpuArray, axis: number, start: number, count: number): void {
  if (!(axis in shape) || !(start >= 0 && count >= 0 && start + count <= shape[axis])) {
    throw new Error(`${what}: [${shape}] has no entries ${start} … ${start + count - 1} along axis ${axis}`);
  }
}
