import type { AdapterClass } from './adapter.ts';
import type { Dispatch, Gpu } from './gpu.ts';
import { Pool } from './memory.ts';
import type { BufferView } from './programs.ts';
import type { SubmitBudget } from './submit_budget.ts';

/**
 * A `Gpu` without a device that adds up the operations of what is dispatched (`flops`) and the memory of what is
 * allocated (`pool`): models of any size cost nothing. Whatever is read from it is zero. `longest` is the largest number of
 * operations of one dispatch.
 * @param budget says in how many parts a kernel is launched
 */
export function countingGpu(
  kind: AdapterClass,
  budget: Pick<SubmitBudget, 'pieces'> = { pieces: () => 1 },
): Gpu & { readonly longest: number } {
  const device = {
    limits: { maxBufferSize: 2 ** 40, maxStorageBufferBindingSize: 2 ** 40 },
    createBuffer: ({ size }: { size: number }) => ({ size, destroy: () => {} }),
  } as unknown as GPUDevice;
  const pool = new Pool(device);
  let flops = 0;
  let longest = 0;
  const nothing = () => {};
  const gpu = {
    facts: { class: kind, software: kind !== 'hardware', limits: device.limits, features: [] },
    pool,
    budget,
    tuning: {},
    scope: () => pool.scope(),
    get flops() {
      return flops;
    },
    get longest() {
      return longest;
    },
    run: (call: Dispatch<string, string, string>) => {
      flops += call.flops ?? 0;
      longest = Math.max(longest, call.flops ?? 0);
    },
    read: async ({ bytes }: BufferView) => new ArrayBuffer(bytes),
    ...{ copy: nothing, clear: nothing, write: nothing, flush: nothing, idle: async () => {} },
  };
  return gpu as unknown as Gpu & { readonly longest: number };
}
