import { GpuArray } from '../gpu/array.ts';
import { non_finite } from './shaders.gen.ts';
import { elementGrid } from './shapes.ts';

/** Elements that one invocation looks at. */
const CHUNK = 64;

/**
 * Number of NaN and infinite elements.
 * @param x f32, any shape
 * @returns u32 [1]; read it as `new Uint32Array(await gpu.read(count))[0]`
 */
export function countNonFinite(x: GpuArray): GpuArray {
  if (x.dtype !== 'f32') throw new Error(`non_finite: the array must be f32, not ${x.dtype}`);
  const count = GpuArray.zeros(x.gpu, [1], 'u32');
  const stride = Math.ceil(x.size / CHUNK);
  x.gpu.run({
    shader: non_finite,
    buffers: { x, count },
    params: { size: x.size, stride },
    groups: elementGrid(stride, non_finite.constants.WORKGROUP),
  });
  return count;
}
