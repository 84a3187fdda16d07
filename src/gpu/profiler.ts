import { textColumns } from '../base/columns.ts';

/** Time that one kernel took in total. */
export interface KernelTime {
  readonly label: string;
  readonly calls: number;
  readonly milliseconds: number;
  /** Floating-point operations that the wrappers declared. */
  readonly flops: number;
}

const CAPACITY = 2048;

/** Timestamps around every dispatch; off unless asked for, since it puts each dispatch in a pass of its own. */
export class Profiler {
  readonly #device: GPUDevice;
  readonly #set: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #totals = new Map<string, { calls: number; nanoseconds: number; flops: number }>();
  #pending: { label: string; flops: number }[] = [];
  #reading: Promise<void>[] = [];
  #longest = 0;

  /** Needs a device with the `timestamp-query` feature. */
  constructor(device: GPUDevice) {
    this.#device = device;
    this.#set = device.createQuerySet({ type: 'timestamp', count: 2 * CAPACITY });
    this.#resolved = device.createBuffer({
      size: 16 * CAPACITY,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    });
  }

  /** Whether the commands recorded so far must be submitted before the next dispatch. */
  get full(): boolean {
    return this.#pending.length === CAPACITY;
  }

  /** Timestamp writes for the pass of the next dispatch. */
  next(label: string, flops: number): GPUComputePassTimestampWrites {
    const index = 2 * this.#pending.length;
    this.#pending.push({ label, flops });
    return { querySet: this.#set, beginningOfPassWriteIndex: index, endOfPassWriteIndex: index + 1 };
  }

  /** Adds the resolving commands; call `collect` after the submit. */
  resolve(encoder: GPUCommandEncoder): (() => void) | null {
    const entries = this.#pending;
    if (entries.length === 0) return null;
    this.#pending = [];
    const bytes = 16 * entries.length;
    const staging = this.#device.createBuffer({
      size: bytes,
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    encoder.resolveQuerySet(this.#set, 0, 2 * entries.length, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, staging, 0, bytes);
    return () => this.#reading.push(this.#collect(staging, entries));
  }

  async #collect(staging: GPUBuffer, entries: { label: string; flops: number }[]): Promise<void> {
    await staging.mapAsync(GPUMapMode.READ);
    const times = new BigUint64Array(staging.getMappedRange());
    let all = 0;
    entries.forEach(({ label, flops }, i) => {
      const total = this.#totals.get(label) ?? { calls: 0, nanoseconds: 0, flops: 0 };
      total.calls++;
      const nanoseconds = Number(times[2 * i + 1] - times[2 * i]);
      all += nanoseconds;
      total.nanoseconds += nanoseconds;
      total.flops += flops;
      this.#totals.set(label, total);
    });
    this.#longest = Math.max(this.#longest, all / 1e6);
    staging.destroy();
  }

  /** Totals per kernel, longest first; waits for everything submitted. */
  async report(): Promise<KernelTime[]> {
    await Promise.all(this.#reading);
    this.#reading = [];
    return [...this.#totals]
      .map(([label, t]) => ({ label, calls: t.calls, milliseconds: t.nanoseconds / 1e6, flops: t.flops }))
      .sort((a, b) => b.milliseconds - a.milliseconds);
  }

  /** Milliseconds that the kernels of the longest submit took; those that {@link report} waited for. */
  get longestSubmit(): number {
    return this.#longest;
  }

  /** Starts again from zero. */
  reset(): void {
    this.#totals.clear();
    this.#longest = 0;
  }

  /** Frees the queries. */
  destroy(): void {
    this.#set.destroy();
    this.#resolved.destroy();
  }
}

/** Profile as a table for people. */
export function formatProfile(times: readonly KernelTime[]): string {
  const all = times.reduce((sum, t) => sum + t.milliseconds, 0);
  const rows = times.map((t) => {
    const rate = t.flops > 0 && t.milliseconds > 0 ? (t.flops / t.milliseconds / 1e6).toFixed(1) : '';
    const share = ((100 * t.milliseconds) / (all || 1)).toFixed(1);
    return [t.label, String(t.calls), t.milliseconds.toFixed(2), share, rate];
  });
  return textColumns([['kernel', 'calls', 'ms', '%', 'GFLOP/s'], ...rows], 'lr');
}
