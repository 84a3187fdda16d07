import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';

/**
 * Row numbers on both sides: the wrapper checks and sorts the host's, the shader reads the device's. Uploaded once by a
 * loop that uses them in every step. The device array belongs to the scope it was made in unless kept.
 */
export interface Index {
  readonly host: Uint32Array;
  /** u32 [host.length] */
  readonly device: GpuArray;
}

/** Uploads row numbers, into the current scope. */
export function uploadIndex(gpu: Gpu, host: Uint32Array | readonly number[]): Index {
  const copy = new Uint32Array(host);
  return { host: copy, device: GpuArray.from(gpu, copy, [copy.length]) };
}

/** Throws unless there are `length` entries, all below `bound`. */
export function expectIndex(what: string, host: Uint32Array, length: number, bound: number): void {
  if (host.length !== length) throw new Error(`${what}: ${host.length} entries, expected ${length}`);
  const bad = host.findIndex((n) => n >= bound);
  if (bad >= 0) throw new Error(`${what}: entry ${bad} is ${host[bad]}, must be below ${bound}`);
}
