import type { AdapterClass } from './adapter.ts';
import type { Faults } from './faults.ts';
import { Profiler } from './profiler.ts';
import type { Command, DispatchCommand } from './recording.ts';
import { SubmitBudget } from './submit_budget.ts';
import { copyTexels, type TexelCopy } from './texels.ts';
import type { Work } from './work.ts';

/** Commands of one submit: more would only grow the latency of a lost device or a cancelled page. */
const MAX_DISPATCHES = 1024;
const SUBMIT_SECONDS = 0.5;

/** Choices at creation. */
export interface StreamOptions {
  /** Time every kernel (needs the `timestamp-query` feature). */
  readonly profile?: boolean;
  /** Longest time of one submit in seconds; default 0.5. */
  readonly submitSeconds?: number;
}

/**
 * The one stream of commands of a device, cut into submits: when enough has gathered, when a value is wanted, and where other
 * work goes on, so that what fails of a submit is of one piece of work.
 */
export class CommandStream {
  readonly profiler: Profiler | null;
  /** Whether the profiler is at work, if there is one; off, kernels share passes again. */
  timing = true;
  /** How much goes into one submit. */
  readonly budget: SubmitBudget;
  /** Number of submits so far. */
  batch = 0;
  /** Milliseconds inside submits so far: lavapipe lets a submit wait until the one before it is done. */
  submitting = 0;
  /** Floating-point operations of all dispatches so far, as the wrappers declared them. */
  flops = 0;
  readonly #device: GPUDevice;
  readonly #faults: Faults;
  /** The work whose commands are gathered, and what ends the watch over it. */
  #stretch: { readonly work: Work; readonly end: () => void } | null = null;
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #dispatches = 0;

  constructor(device: GPUDevice, faults: Faults, kind: AdapterClass, options: StreamOptions) {
    this.#device = device;
    this.#faults = faults;
    this.profiler = options.profile && device.features.has('timestamp-query') ? new Profiler(device) : null;
    this.budget = new SubmitBudget(kind, options.submitSeconds ?? SUBMIT_SECONDS);
  }

  /** What is asked of the device from here on is of `work`. */
  enter(work: Work): void {
    if (this.#stretch?.work === work) return;
    this.flush();
    this.#stretch = { work, end: this.#faults.watch(work) };
  }

  /** Puts a command of the work that was entered into the stream. */
  issue(command: Command, work: Work): void {
    const flops = command.kind === 'dispatch' ? command.flops : 0;
    if (this.budget.isFullBefore(flops, command.bytes)) this.flush();
    this.enter(work);
    this.budget.add(flops, command.bytes);
    for (const slot of command.uses) slot.lastBatch = this.batch;
    if (command.kind === 'dispatch') this.#dispatch(command);
    else {
      const encoder = this.#openEncoder();
      const { to, toOffset, bytes } = command;
      if (command.kind === 'clear') encoder.clearBuffer(to, toOffset, bytes);
      else encoder.copyBufferToBuffer(command.from, command.fromOffset, to, toOffset, bytes);
    }
    if (++this.#dispatches >= MAX_DISPATCHES || this.profiler?.full) this.flush();
  }

  /** Puts a copy into the stream that counts as no command, and submits all. */
  fetch(from: GPUBuffer, offset: number, to: GPUBuffer, bytes: number): void {
    this.#openEncoder().copyBufferToBuffer(from, offset, to, 0, bytes);
    this.flush();
  }

  /** Submits what has gathered. */
  flush(): void {
    this.#submit();
    this.#stretch?.end();
    this.#stretch = null;
  }

  #submit(): void {
    this.#endPass();
    const encoder = this.#encoder;
    if (!encoder) return;
    const collect = this.profiler?.resolve(encoder);
    const commands = encoder.finish();
    const start = performance.now();
    this.#device.queue.submit([commands]);
    const end = performance.now();
    this.submitting += end - start;
    this.budget.submitted(end / 1000);
    this.#encoder = null;
    this.#dispatches = 0;
    this.batch++;
    collect?.();
  }

  #dispatch({ program, group, groups, texels, flops }: DispatchCommand): void {
    this.flops += flops;
    if (texels.length > 0) this.#copyTexels(program.label, texels, flops);
    const pass = this.#computePass(program.label, flops);
    pass.setPipeline(program.pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...groups);
    if (this.profiler && this.timing) this.#endPass();
  }

  /** Copies run between passes; where kernels are timed, an empty pass before them begins the time of their dispatch. */
  #copyTexels(label: string, texels: readonly TexelCopy[], flops: number): void {
    const encoder = this.#openEncoder();
    const stamps = this.timing ? this.profiler?.next(label, flops) : undefined;
    if (stamps) {
      const { querySet, beginningOfPassWriteIndex } = stamps;
      encoder.beginComputePass({ label, timestampWrites: { querySet, beginningOfPassWriteIndex } }).end();
    }
    copyTexels(encoder, texels);
    if (stamps) {
      const { querySet, endOfPassWriteIndex } = stamps;
      this.#pass = encoder.beginComputePass({ label, timestampWrites: { querySet, endOfPassWriteIndex } });
    }
  }

  #computePass(label: string, flops: number): GPUComputePassEncoder {
    if (this.#pass) return this.#pass;
    const timestampWrites = this.timing ? this.profiler?.next(label, flops) : undefined;
    this.#pass = this.#openEncoder().beginComputePass({ label, ...(timestampWrites && { timestampWrites }) });
    return this.#pass;
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = null;
  }

  /** The encoder, between passes. */
  #openEncoder(): GPUCommandEncoder {
    this.#endPass();
    this.#encoder ??= this.#device.createCommandEncoder();
    return this.#encoder;
  }
}
