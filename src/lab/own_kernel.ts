import { FusionclipError } from '../base/errors.ts';
import { GpuArray, type HostArray } from '../gpu/array.ts';
import { parseShader } from '../gpu/define_shader.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Shader } from '../gpu/shader.ts';
import { numbers } from './inputs.ts';
import type { BufferSample, Fill, OwnKernel } from './job.ts';
import type { Outputs } from './kernel.ts';

/** Values that a buffer may have here. */
const MOST_LENGTH = 2 ** 26;
/** Values of all buffers together: half a gigabyte, which is filled before anything runs. */
const MOST_VALUES = 2 ** 27;
/** Values of a buffer that are shown. */
const FIRST = 8;

/**
 * A kernel of one's own with what its text says of bindings and parameters; what is not told about them is 4096 random values
 * and zeros.
 * @throws FusionclipError `usage` when the text does not follow the conventions
 */
export function completed(own: OwnKernel): OwnKernel {
  const { bindings, params } = parseShader('kernel', own.source);
  return {
    ...own,
    buffers: Object.fromEntries(
      bindings.map(({ name, access }) => [
        name,
        own.buffers[name] ?? { length: 4096, fill: access === 'read' ? 'random' : 'zeros' },
      ]),
    ),
    params: Object.fromEntries(params.map(({ name, type }) => [name, own.params[name] ?? (type === 'f32' ? 1 : 4096)])),
  };
}

/** How the values of each storage buffer are to be read: vectors and atomics are as many of their elements. */
export function elementTypes(wgsl: string): Record<string, 'f32' | 'u32' | 'i32'> {
  const found = [...wgsl.matchAll(/var\s*<\s*storage[^>]*>\s*(\w+)\s*:\s*([^;]+);/g)];
  return Object.fromEntries(
    found.map(([, name, type]) => [
      name,
      /\b(u32|vec[234]u)\b/.test(type) ? 'u32' : /\b(i32|vec[234]i)\b/.test(type) ? 'i32' : 'f32',
    ]),
  );
}

/** Buffers of a kernel of one's own. @throws FusionclipError `usage` where a length is none */
export function ownBuffers(gpu: Gpu, { buffers, source }: OwnKernel): Record<string, GpuArray> {
  const types = elementTypes(source);
  const all = Object.values(buffers).reduce((sum, { length }) => sum + length, 0);
  if (all > MOST_VALUES && Object.values(buffers).every(({ length }) => length <= MOST_LENGTH)) {
    throw new FusionclipError('usage', `The buffers have ${all} values together; give them at most ${MOST_VALUES}.`);
  }
  return Object.fromEntries(
    Object.entries(buffers).map(([name, { length, fill }], i) => {
      if (!Number.isInteger(length) || length < 1 || length > MOST_LENGTH) {
        const given = `The buffer ${name} has ${length} values`;
        throw new FusionclipError('usage', `${given}; give it a whole number from 1 to ${MOST_LENGTH}.`);
      }
      return [name, GpuArray.from(gpu, filled(fill, length, i + 1, types[name] === 'f32'), [length])];
    }),
  );
}

/** Whole numbers are from 0 to 65,535. */
function filled(fill: Fill, length: number, seed: number, float: boolean): HostArray {
  const values =
    fill === 'random' ? numbers([length], seed) : Float32Array.from({ length }, (_, i) => (fill === 'count' ? i : 0));
  return float ? values : Uint32Array.from(values, (v) => (fill === 'random' ? (v + 1) * 32_768 : v));
}

/** Records a kernel of one's own once; gives what it may have written. */
export function runOwn(gpu: Gpu, own: OwnKernel, shader: Shader, buffers: Record<string, GpuArray>): Outputs {
  gpu.run({ shader, buffers, params: own.params, groups: own.groups });
  const written = shader.bindings.filter(({ access, name }) => access === 'read_write' && buffers[name]);
  return Object.fromEntries(written.map(({ name }) => [name, buffers[name]]));
}

/** What a buffer holds, in short. */
export function sampleOf(name: string, bytes: ArrayBuffer, size: number, type: 'f32' | 'u32' | 'i32'): BufferSample {
  const Values = { f32: Float32Array, u32: Uint32Array, i32: Int32Array }[type];
  const values = new Values(bytes, 0, size);
  let [least, most, notFinite] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) notFinite++;
    else [least, most] = [Math.min(least, value), Math.max(most, value)];
  }
  return { name, size, first: [...values.subarray(0, FIRST)], least, most, notFinite };
}
