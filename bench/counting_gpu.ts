import type { ClipConfig, ClipWeights } from '../src/clip/index.ts';
import { clipShapes } from '../src/clip/index.ts';
import type { AdapterClass } from '../src/gpu/adapter.ts';
import { elements } from '../src/gpu/array.ts';
import type { Dispatch, Gpu } from '../src/gpu/gpu.ts';
import { Pool } from '../src/gpu/memory.ts';

/** A `Gpu` without a device that only adds up the operations of what is dispatched: models of any size cost nothing. */
export function countingGpu(kind: AdapterClass): Gpu {
  const device = {
    limits: { maxBufferSize: 2 ** 40, maxStorageBufferBindingSize: 2 ** 40 },
    createBuffer: ({ size }: { size: number }) => ({ size, destroy: () => {} }),
  } as unknown as GPUDevice;
  const pool = new Pool(device);
  let flops = 0;
  const nothing = () => {};
  const gpu = {
    facts: { class: kind, software: kind !== 'hardware', limits: device.limits, features: [] },
    pool,
    budget: { pieces: () => 1 },
    tuning: {},
    scope: () => pool.scope(),
    get flops() {
      return flops;
    },
    run: (call: Dispatch<string, string, string>) => {
      flops += call.flops ?? 0;
    },
    ...{ copy: nothing, clear: nothing, write: nothing, flush: nothing, idle: async () => {} },
  };
  return gpu as unknown as Gpu;
}

/** A model of zeros, for counting. */
export function zeroModel(config: ClipConfig): ClipWeights {
  const shapes = clipShapes(config);
  return {
    config,
    read: async (name) => new Float32Array(elements(shapes.get(name)!)),
    readRows: async (name, rows) => new Float32Array(rows.length * shapes.get(name)![1]),
  };
}
