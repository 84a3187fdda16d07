import type { AdapterClass, AdapterFacts } from './adapter.ts';
import { atOnce, type Dispatch, type Gpu, type Tuning } from './interface.ts';
import { Pool, type Scope } from './memory.ts';
import type { BufferView } from './programs.ts';
import type { Recording } from './recording.ts';
import type { SubmitBudget } from './submit_budget.ts';

const LIMITS = {
  maxBufferSize: 2 ** 40,
  maxStorageBufferBindingSize: 2 ** 40,
  maxComputeWorkgroupsPerDimension: 65535,
};

/**
 * A `Gpu` without a device: memory has sizes but no contents, commands do nothing, and whatever is read is zero. Uses of
 * released memory throw as they do on a device.
 */
export class IdleGpu implements Gpu {
  readonly facts: AdapterFacts;
  readonly pool: Pool;
  readonly budget: Pick<SubmitBudget, 'pieces'>;
  tuning: Tuning = {};
  flops = 0;
  readonly lost = null;
  readonly holdsValues: boolean = false;

  /**
   * @param kind which variants the wrappers choose
   * @param budget says in how many parts a kernel is launched
   */
  constructor(kind: AdapterClass, budget: Pick<SubmitBudget, 'pieces'> = { pieces: () => 1 }) {
    const names = { vendor: '', architecture: '', device: '', description: 'no device' };
    this.facts = { class: kind, software: kind !== 'hardware', ...names, features: [], limits: LIMITS };
    this.budget = budget;
    this.pool = new Pool({
      limits: LIMITS,
      createBuffer({ size }, settle) {
        settle(true);
        return { size, destroy: () => {} } as GPUBuffer;
      },
    });
  }

  scope(): Scope {
    return this.pool.scope();
  }

  job(): Scope {
    return this.pool.job();
  }

  lasting<T>(body: () => T): T {
    return atOnce('gpu.lasting', this.pool.within(null, body));
  }

  tuned<T>(tuning: Tuning, body: () => T): T {
    const before = this.tuning;
    this.tuning = tuning;
    try {
      return atOnce('gpu.tuned', body());
    } finally {
      this.tuning = before;
    }
  }

  run<B extends string, P extends string, C extends string>({ shader, buffers, flops }: Dispatch<B, P, C>): void {
    for (const name in buffers) this.pool.checkView(buffers[name], shader.name, name);
    this.flops += flops ?? 0;
  }

  copy(from: BufferView, to: BufferView): void {
    this.pool.checkCopy(from, to);
  }

  clear(view: BufferView): void {
    this.pool.checkView(view, 'clear');
  }

  write(view: BufferView, _: ArrayBufferView<ArrayBuffer>): void {
    this.pool.checkView(view, 'write');
  }

  async read(view: BufferView): Promise<ArrayBuffer> {
    this.pool.checkView(view, 'read');
    return new ArrayBuffer(view.bytes);
  }

  record<T>(recording: Recording, body: () => T): T {
    return atOnce('gpu.record', this.pool.inside(recording.arena, body));
  }

  replay(recording: Recording): void {
    recording.check();
  }

  async prepare(): Promise<void> {}
  readonly preparing = false;

  flush(): void {}
  async lostSoon(): Promise<null> {
    return null;
  }
  async idle(): Promise<void> {}
  trim(): void {
    this.pool.takeFree();
  }
}

/**
 * A `Gpu` without a device that adds up the operations of what is dispatched (`flops`) and the memory of what is
 * allocated (`pool`): models of any size cost nothing. `longest` is the largest number of operations of one dispatch.
 */
class CountingGpu extends IdleGpu {
  longest = 0;

  override run<B extends string, P extends string, C extends string>(call: Dispatch<B, P, C>): void {
    super.run(call);
    this.longest = Math.max(this.longest, call.flops ?? 0);
  }
}

/**
 * A `CountingGpu`.
 * @param budget says in how many parts a kernel is launched
 */
export function countingGpu(
  kind: AdapterClass,
  budget?: Pick<SubmitBudget, 'pieces'>,
): Gpu & { readonly longest: number } {
  return new CountingGpu(kind, budget);
}
