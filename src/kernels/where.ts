import { GpuArray } from '../gpu/array.ts';
import { broadcastShape, joinAxes, numbered, repeatedStrides } from './broadcast.ts';
import { where as shader } from './shaders.gen.ts';
import { elementGrid } from './shapes.ts';

/** Axes that the kernel tells apart, after {@link joinAxes}. */
const MOST_AXES = 4;
const EXTENTS = ['n1', 'n2', 'n3'] as const;
const CONDITION_STRIDES = ['c0', 'c1', 'c2', 'c3'] as const;
const A_STRIDES = ['a0', 'a1', 'a2', 'a3'] as const;
const B_STRIDES = ['b0', 'b1', 'b2', 'b3'] as const;

/**
 * a where the condition is not 0, else b, element by element. Shapes broadcast as in PyTorch; where repeated axes alternate with
 * others, up to four runs of them.
 * @param condition e.g. a mask, or `binary('greater', x, y)`
 * @returns the shape that all three broadcast to
 */
export function where(condition: GpuArray, a: GpuArray, b: GpuArray): GpuArray {
  const operands = [condition, a, b];
  if (operands.some(({ dtype }) => dtype !== 'f32')) throw new Error('where: arrays must be f32');
  const shape = broadcastShape('where', ...operands.map((x) => x.shape));
  const steps = operands.map((x) => repeatedStrides(x.shape, shape));
  const { extents, strides } = joinAxes('where', shape, steps, MOST_AXES);
  const y = GpuArray.empty(a.gpu, shape);
  a.gpu.run({
    shader,
    constants: { AXES: extents.length },
    buffers: { condition, a, b, y },
    params: {
      size: y.size,
      ...numbered(EXTENTS, extents.slice(1)),
      ...numbered(CONDITION_STRIDES, strides[0]),
      ...numbered(A_STRIDES, strides[1]),
      ...numbered(B_STRIDES, strides[2]),
    },
    groups: elementGrid(y.size, shader.constants.WORKGROUP),
  });
  return y;
}
