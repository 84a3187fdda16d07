import { GpuArray } from '../gpu/array.ts';
import { unary as shader } from './shaders.gen.ts';
import { elementGrid, quads } from './shapes.ts';

/** What {@link unary} does to each number. */
export type UnaryKind = 'exp' | 'log' | 'sqrt' | 'abs' | 'power';

const OPS: Readonly<Record<UnaryKind, number>> = { exp: 0, log: 1, sqrt: 2, abs: 3, power: 4 };
/** Whole exponents up to here are done by multiplication. */
const MOST_WHOLE = 64;
const NOT_WHOLE = 0xffffffff;

/**
 * f(x), element by element. The logarithm and the root of a negative number are undefined, and so is its power unless the
 * exponent is a whole number up to 64.
 * @param exponent of `power`
 */
export function unary(kind: UnaryKind, x: GpuArray, exponent = 1): GpuArray {
  if (x.dtype !== 'f32') throw new Error(`${kind}: the array must be f32, not ${x.dtype}`);
  const y = GpuArray.empty(x.gpu, x.shape);
  const whole = Number.isInteger(exponent) && Math.abs(exponent) <= MOST_WHOLE ? Math.abs(exponent) : NOT_WHOLE;
  x.gpu.run({
    shader,
    constants: { OP: OPS[kind] },
    buffers: { x, y },
    params: { quads: quads(x), exponent, whole },
    groups: elementGrid(quads(x), shader.constants.WORKGROUP),
    flops: x.size,
  });
  return y;
}
