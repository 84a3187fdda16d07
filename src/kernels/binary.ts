import { elements, GpuArray } from '../gpu/array.ts';
import { broadcastShape, joinAxes, numbered, repeatedStrides } from './broadcast.ts';
import { binary_vec4, binary as reference } from './shaders.gen.ts';
import { elementGrid, quads } from './shapes.ts';

/** What {@link binary} does with two numbers; `signed` is a times the sign of b (-1, 0 or 1), `greater` 1 where a > b, else 0. */
export type BinaryKind = 'add' | 'sub' | 'mul' | 'div' | 'signed' | 'greater';

/** The variants, for any shapes and for four elements at a time. */
export type BinaryVariant = 'any' | 'vec4';

const OPS: Readonly<Record<BinaryKind, number>> = { add: 0, sub: 1, mul: 2, div: 3, signed: 4, greater: 5 };
/** Axes that the kernel for any shapes tells apart, after {@link joinAxes}. */
const MOST_AXES = 5;
const EXTENTS = ['n1', 'n2', 'n3', 'n4'] as const;
const A_STRIDES = ['a0', 'a1', 'a2', 'a3', 'a4'] as const;
const B_STRIDES = ['b0', 'b1', 'b2', 'b3', 'b4'] as const;

/**
 * factor · (a op b), element by element. Shapes broadcast as in PyTorch; where repeated axes alternate with others, up to five
 * runs of them.
 * @returns the shape both broadcast to
 */
export function binary(kind: BinaryKind, a: GpuArray, b: GpuArray, factor = 1): GpuArray {
  return binaryWith(undefined, kind, a, b, factor);
}

/** {@link binary} with a given variant (undefined: the best one), for tests and benches. */
export function binaryWith(
  forced: BinaryVariant | undefined,
  kind: BinaryKind,
  a: GpuArray,
  b: GpuArray,
  factor = 1,
): GpuArray {
  const { gpu } = a;
  if (a.dtype !== 'f32' || b.dtype !== 'f32')
    throw new Error(`${kind}: arrays must be f32, not ${a.dtype}, ${b.dtype}`);
  const shape = broadcastShape(kind, a.shape, b.shape);
  const y = GpuArray.empty(gpu, shape);
  if (y.size === 0) return y;
  if ((forced ?? (isTail(a, shape) && isTail(b, shape) ? 'vec4' : 'any')) === 'vec4') {
    gpu.run({
      shader: binary_vec4,
      constants: { OP: OPS[kind] },
      buffers: { a, b, y },
      params: { quads: quads(y), factor, a_period: quads(a), b_period: quads(b) },
      groups: elementGrid(quads(y), binary_vec4.constants.WORKGROUP),
      flops: y.size,
    });
    return y;
  }
  const steps = [repeatedStrides(a.shape, shape), repeatedStrides(b.shape, shape)];
  const { extents, strides } = joinAxes(kind, shape, steps, MOST_AXES);
  gpu.run({
    shader: reference,
    constants: { OP: OPS[kind], AXES: extents.length },
    buffers: { a, b, y },
    params: {
      ...{ size: y.size, factor },
      ...numbered(EXTENTS, extents.slice(1)),
      ...numbered(A_STRIDES, strides[0]),
      ...numbered(B_STRIDES, strides[1]),
    },
    groups: elementGrid(y.size, reference.constants.WORKGROUP),
    flops: y.size,
  });
  return y;
}

/** Whether an operand is repeated as a whole, in whole vec4s. */
function isTail(x: GpuArray, shape: readonly number[]): boolean {
  if (x.size === elements(shape)) return true;
  let first = 0;
  while (x.shape[first] === 1) first++;
  const own = x.shape.slice(first);
  return x.size % 4 === 0 && own.every((n, i) => n === shape[shape.length - own.length + i]);
}
