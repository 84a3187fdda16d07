import { type ErrorCode, FusionclipError } from '../base/errors.ts';
import { type AdapterClass, type AdapterFacts, adapterFacts, requestAdapter, requestDevice } from './adapter.ts';
import { atOnce, type Dispatch, type Gpu as GpuInterface, type Tuning } from './interface.ts';
import { type GpuBuffer, Pool, type Scope, type Slot } from './memory.ts';
import { Profiler } from './profiler.ts';
import { type BufferView, ProgramCache } from './programs.ts';
import type { Command, DispatchCommand, Recording } from './recording.ts';
import { SubmitBudget } from './submit_budget.ts';
import { copyTexels, TexelCache, type TexelCopy } from './texels.ts';

export type { Dispatch, Tuning } from './interface.ts';

/** Choices at creation. */
export interface GpuOptions {
  /** Time every kernel (needs the `timestamp-query` feature). */
  readonly profile?: boolean;
  /** Longest time of one submit in seconds; default 0.5. */
  readonly submitSeconds?: number;
  /** Kernels are chosen as for an adapter of this class; default: of its own. For tests and benches. */
  readonly class?: AdapterClass;
}

/** Commands of one submit: more would only grow the latency of a lost device or a cancelled page. */
const MAX_DISPATCHES = 1024;
const SUBMIT_SECONDS = 0.5;
/** Milliseconds after an error, with all commands done, in which the loss of the device, its cause, may still be told. */
const GRACE = 1000;

/**
 * {@link Gpu} of a device, with its programs. A GPU error is remembered and thrown by the next call, and by every read that
 * was waiting when it came.
 */
export class DeviceGpu implements Gpu {
  readonly device: GPUDevice;
  readonly facts: AdapterFacts;
  readonly pool: Pool;
  /** @internal */
  readonly programs: ProgramCache;
  readonly #texels: TexelCache;
  readonly profiler: Profiler | null;
  /** Whether the profiler is at work, if there is one; off, kernels share passes again. */
  timing = true;
  tuning: Tuning = {};
  /** @internal How much goes into one submit. */
  readonly budget: SubmitBudget;
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #dispatches = 0;
  #batch = 0;
  #flops = 0;
  #submitting = 0;
  #recording: Recording | null = null;
  #error: FusionclipError | null = null;
  /** Reads under way: an error is the affair of all of them, though the next call throws it only once. */
  readonly #reading = new Set<{ error: FusionclipError | null }>();
  #destroyed = false;
  #lost: string | null = null;
  /** What ends the waits that a lost device would leave open. */
  readonly #waits = new Set<(error: unknown) => void>();

  private constructor(device: GPUDevice, facts: AdapterFacts, options: GpuOptions) {
    this.device = device;
    this.facts = facts;
    this.pool = new Pool(device);
    this.programs = new ProgramCache(device, (message) => this.#fail('gpu_error', message));
    this.#texels = new TexelCache(device);
    this.profiler = options.profile && device.features.has('timestamp-query') ? new Profiler(device) : null;
    this.budget = new SubmitBudget(facts.class, options.submitSeconds ?? SUBMIT_SECONDS);
    device.onuncapturederror = (event) => this.#fail('gpu_error', `The GPU reported an error: ${event.error.message}`);
    device.lost.then((info) => {
      if (this.#destroyed) return;
      this.#lost = info.message || info.reason;
      this.#error = null;
      this.#fail('device_lost', `The GPU device was lost (${this.#lost}); run again, or with smaller batches.`);
      for (const end of this.#waits) end(this.#error);
    });
  }

  /**
   * Opens a device.
   * @param entry `navigator.gpu`, or Dawn's object in Node (`host.gpu()`); null stands for "there is none"
   * @throws FusionclipError `no_adapter`
   */
  static async create(entry: GPU | null, options: GpuOptions = {}): Promise<DeviceGpu> {
    if (!entry) {
      throw new FusionclipError(
        'no_adapter',
        'This runtime has no WebGPU; run `fusionclip doctor` to see what was tried and how to get it.',
      );
    }
    const adapter = await requestAdapter(entry);
    const device = await requestDevice(adapter);
    const facts = adapterFacts(adapter, device);
    return new DeviceGpu(device, { ...facts, class: options.class ?? facts.class }, options);
  }

  scope(): Scope {
    return this.pool.scope();
  }

  job(): Scope {
    return this.pool.job();
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

  lasting<T>(body: () => T): T {
    const recording = this.#recording;
    this.#recording = null;
    try {
      return atOnce('gpu.lasting', this.pool.within(null, body));
    } finally {
      this.#recording = recording;
    }
  }

  get lost(): string | null {
    return this.#lost;
  }

  async lostSoon(): Promise<string | null> {
    const calm = async () => {
      try {
        // Chrome tells it behind all commands that wait, which takes its time on a slow GPU.
        await this.device.queue.onSubmittedWorkDone();
      } catch {}
      await new Promise((resolve) => setTimeout(resolve, GRACE));
    };
    if (this.#lost === null && !this.#destroyed) await Promise.race([this.device.lost, calm()]);
    return this.#lost;
  }

  /** Number of submits so far. */
  get submits(): number {
    return this.#batch;
  }

  /** Milliseconds inside submits so far: lavapipe lets a submit wait until the one before it is done. */
  get submitting(): number {
    return this.#submitting;
  }

  get flops(): number {
    return this.#flops;
  }

  run<B extends string, P extends string, C extends string>(call: Dispatch<B, P, C>): void {
    const { shader, buffers, groups, flops = 0 } = call;
    const [x, y = 1, z = 1] = groups;
    if (x === 0 || y === 0 || z === 0) return;
    const most = this.facts.limits.maxComputeWorkgroupsPerDimension;
    if (Math.max(x, y, z) > most) throw new Error(`${shader.name}: ${x}×${y}×${z} workgroups, at most ${most} a side`);
    const uses: Slot[] = [];
    let bytes = 0;
    for (const name in buffers) {
      this.pool.checkView(buffers[name], shader.name, name);
      uses.push(this.#use(buffers[name].buffer));
      bytes += buffers[name].bytes;
    }
    const program = this.programs.program(shader, call.constants as Record<string, number> | undefined);
    const texels = this.#texels.copies(call.texels ?? {}, buffers);
    const group = this.programs.bindGroup(program, shader, buffers, call.params, texels);
    this.#issue({ kind: 'dispatch', program, group, groups: [x, y, z], texels, flops, bytes, uses });
  }

  copy(from: BufferView, to: BufferView): void {
    this.pool.checkCopy(from, to);
    this.#issue({
      ...{ kind: 'copy', from: from.buffer.raw, fromOffset: from.offset, to: to.buffer.raw, toOffset: to.offset },
      ...{ bytes: from.bytes, uses: [this.#use(from.buffer), this.#use(to.buffer)] },
    });
  }

  clear(view: BufferView): void {
    this.pool.checkView(view, 'clear');
    const { buffer, offset, bytes } = view;
    this.#issue({ kind: 'clear', to: buffer.raw, toOffset: offset, bytes, uses: [this.#use(buffer)] });
  }

  write(view: BufferView, data: ArrayBufferView<ArrayBuffer>): void {
    this.#throwPending();
    if (data.byteLength > view.bytes) throw new Error(`write of ${data.byteLength} bytes into ${view.bytes}`);
    this.pool.checkView(view, 'write');
    const { buffer, offset } = view;
    const recording = this.#recording;
    if (recording) {
      // A replay would find these bytes overwritten by what used the memory later.
      if (buffer.arena !== recording.arena) throw new Error('a recorded step cannot write to arrays from outside');
      const from = recording.upload(this.device, data);
      const to = { to: buffer.raw, toOffset: offset, bytes: from.size };
      this.#issue({ kind: 'copy', from, fromOffset: 0, ...to, uses: [this.#use(buffer)] });
      return;
    }
    if (buffer.slot.lastBatch === this.#batch) this.flush();
    this.device.queue.writeBuffer(buffer.raw, offset, data.buffer, data.byteOffset, data.byteLength);
  }

  /** @internal */
  record<T>(recording: Recording, body: () => T): T {
    if (this.#recording) throw new Error('recordings do not nest');
    this.#recording = recording;
    try {
      return atOnce('gpu.record', this.pool.inside(recording.arena, body));
    } finally {
      this.#recording = null;
    }
  }

  /** @internal */
  replay(recording: Recording): void {
    recording.check();
    for (const command of recording.commands) this.#issue(command);
  }

  flush(): void {
    this.#endPass();
    const encoder = this.#encoder;
    if (!encoder) return;
    const collect = this.profiler?.resolve(encoder);
    this.device.pushErrorScope('validation');
    this.device.pushErrorScope('out-of-memory');
    const commands = encoder.finish();
    const start = performance.now();
    this.device.queue.submit([commands]);
    const end = performance.now();
    this.#submitting += end - start;
    this.budget.submitted(end / 1000);
    for (const what of ['memory', 'validation']) {
      this.device.popErrorScope().then(
        (error) => {
          if (error) this.#fail('gpu_error', `The GPU refused commands (${what}): ${error.message}`);
        },
        () => {}, // the device was lost; device.lost reports it
      );
    }
    this.#encoder = null;
    this.#dispatches = 0;
    this.#batch++;
    collect?.();
  }

  async read(view: BufferView): Promise<ArrayBuffer> {
    this.#throwPending();
    this.pool.checkView(view, 'read');
    if (this.#recording) throw new Error('a recorded step is read after it, not inside');
    const staging = this.device.createBuffer({
      size: view.bytes,
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    const read: { error: FusionclipError | null } = { error: null };
    this.#reading.add(read);
    try {
      this.#endPass();
      this.#openEncoder().copyBufferToBuffer(view.buffer.raw, view.offset, staging, 0, view.bytes);
      this.flush();
      const done = this.budget.watch();
      try {
        await this.#unlessLost(staging.mapAsync(GPUMapMode.READ));
        done(performance.now() / 1000);
      } catch (error) {
        // The cause (a lost device, a refused submit) is reported by its own promise, a moment later.
        await this.lostSoon();
        this.#throwPending();
        if (read.error) throw read.error;
        throw new FusionclipError('gpu_error', `Reading from the GPU failed: ${String(error)}; run again.`);
      }
      this.#throwPending();
      if (read.error) throw read.error;
      return staging.getMappedRange().slice(0);
    } finally {
      this.#reading.delete(read);
      staging.destroy();
    }
  }

  async idle(): Promise<void> {
    this.flush();
    // Writes wait for the next submit, each with a copy of its data, even when nothing was recorded after them.
    this.device.queue.submit([]);
    const done = this.budget.watch();
    await this.#unlessLost(this.device.queue.onSubmittedWorkDone());
    done(performance.now() / 1000);
    this.#throwPending();
  }

  trim(): void {
    this.flush();
    this.programs.forgetBindGroups();
    this.#texels.clear();
    for (const buffer of this.pool.takeFree()) buffer.destroy();
  }

  /** Ends the device: from now on every use of it throws, and releasing its memory does nothing more. */
  destroy(): void {
    this.#destroyed = true;
    this.profiler?.destroy();
    this.device.destroy();
  }

  #use(buffer: GpuBuffer): Slot {
    this.#recording?.use(buffer);
    return buffer.slot;
  }

  #issue(command: Command): void {
    this.#throwPending();
    this.#recording?.commands.push(command);
    const flops = command.kind === 'dispatch' ? command.flops : 0;
    if (this.budget.isFullBefore(flops, command.bytes)) this.flush();
    this.budget.add(flops, command.bytes);
    for (const slot of command.uses) slot.lastBatch = this.#batch;
    if (command.kind === 'dispatch') this.#dispatch(command);
    else {
      this.#endPass();
      const { to, toOffset, bytes } = command;
      if (command.kind === 'clear') this.#openEncoder().clearBuffer(to, toOffset, bytes);
      else this.#openEncoder().copyBufferToBuffer(command.from, command.fromOffset, to, toOffset, bytes);
    }
    if (++this.#dispatches >= MAX_DISPATCHES || this.profiler?.full) this.flush();
  }

  #dispatch({ program, group, groups, texels, flops }: DispatchCommand): void {
    this.#flops += flops;
    if (texels.length > 0) this.#copyTexels(program.label, texels, flops);
    const pass = this.#computePass(program.label, flops);
    pass.setPipeline(program.pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...groups);
    if (this.profiler && this.timing) this.#endPass();
  }

  /** Copies run between passes; where kernels are timed, an empty pass before them begins the time of their dispatch. */
  #copyTexels(label: string, texels: readonly TexelCopy[], flops: number): void {
    this.#endPass();
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

  #openEncoder(): GPUCommandEncoder {
    this.#encoder ??= this.device.createCommandEncoder();
    return this.#encoder;
  }

  /** What `work` gives, or the loss of the device, after which some runtimes let it wait for ever. */
  #unlessLost<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waits.add(reject);
      work.then(resolve, reject).finally(() => this.#waits.delete(reject));
    });
  }

  #fail(code: ErrorCode, message: string): void {
    const error = new FusionclipError(code, message);
    this.#error ??= error;
    for (const read of this.#reading) read.error ??= error;
  }

  #throwPending(): void {
    if (this.#destroyed) throw new Error('this Gpu was destroyed before this call');
    const error = this.#error;
    if (error) {
      if (this.#lost === null) this.#error = null;
      throw error;
    }
  }
}

/** What kernels, models and trainings use of a GPU; {@link DeviceGpu} is that of a device. */
export type Gpu = GpuInterface;
/** `Gpu.create` opens a device. */
export const Gpu = DeviceGpu;
