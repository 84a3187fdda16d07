import { FusionclipError } from '../base/errors.ts';
import { type AdapterClass, type AdapterFacts, adapterFacts, requestAdapter, requestDevice } from './adapter.ts';
import { Ahead, compile } from './ahead.ts';
import { Faults } from './faults.ts';
import { atOnce, type Dispatch, type Gpu as GpuInterface, type Tuning } from './interface.ts';
import { type GpuBuffer, Pool, type Scope } from './memory.ts';
import type { Profiler } from './profiler.ts';
import { type BufferView, ProgramCache, type Wanted } from './programs.ts';
import type { Command, Recording } from './recording.ts';
import type { Arena, Slot } from './slots.ts';
import { CommandStream, type StreamOptions } from './stream.ts';
import type { SubmitBudget } from './submit_budget.ts';
import { TexelCache } from './texels.ts';
import type { Work } from './work.ts';

export type { Dispatch, Tuning } from './interface.ts';

/** Choices at creation. */
export interface GpuOptions extends StreamOptions {
  /** Kernels are chosen as for an adapter of this class; default: of its own. For tests and benches. */
  readonly class?: AdapterClass;
}

/**
 * {@link Gpu} of a device, with its programs. An error of the GPU is thrown by the next call of the work (a job, or all that is
 * done outside of jobs) that it is of, by the reads of that work that were waiting when it came, and by work that uses memory
 * made there.
 */
export class DeviceGpu implements Gpu {
  readonly device: GPUDevice;
  readonly facts: AdapterFacts;
  readonly pool: Pool;
  readonly holdsValues = true;
  /** @internal */
  readonly programs: ProgramCache;
  readonly #texels: TexelCache;
  readonly #faults: Faults;
  readonly #stream: CommandStream;
  tuning: Tuning = {};
  #recording: Recording | null = null;
  readonly #ahead = new Ahead();

  private constructor(device: GPUDevice, facts: AdapterFacts, options: GpuOptions) {
    this.device = device;
    this.facts = facts;
    const { limits } = device;
    this.pool = new Pool({
      limits,
      createBuffer: (descriptor, settle) => {
        const text = `The GPU has no room for ${descriptor.size} bytes more; use a smaller batch or size`;
        return this.#made(text, () => device.createBuffer(descriptor), settle);
      },
    });
    this.#faults = new Faults(device, this.pool.outside);
    this.#stream = new CommandStream(device, this.#faults, facts.class, options);
    this.programs = new ProgramCache(device, this.#faults);
    this.#texels = new TexelCache(
      (descriptor, settle) =>
        this.#made('The GPU has no room for textures', () => device.createTexture(descriptor), settle),
      (bytes) => this.pool.reserve(bytes),
    );
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
      return this.#ahead.aside(() => this.pool.within(null, body));
    } finally {
      this.#recording = recording;
    }
  }

  get lost(): string | null {
    return this.#faults.lost;
  }

  lostSoon(): Promise<string | null> {
    return this.#faults.lostSoon();
  }

  get profiler(): Profiler | null {
    return this.#stream.profiler;
  }

  /** Whether the profiler is at work, if there is one; off, kernels share passes again. */
  get timing(): boolean {
    return this.#stream.timing;
  }
  set timing(timing: boolean) {
    this.#stream.timing = timing;
  }

  /** @internal How much goes into one submit. */
  get budget(): SubmitBudget {
    return this.#stream.budget;
  }

  /** Number of submits so far. */
  get submits(): number {
    return this.#stream.batch;
  }

  /** Milliseconds inside submits so far: lavapipe lets a submit wait until the one before it is done. */
  get submitting(): number {
    return this.#stream.submitting;
  }

  get flops(): number {
    return this.#stream.flops;
  }

  run<B extends string, P extends string, C extends string>(call: Dispatch<B, P, C>): void {
    const { shader, buffers, groups, flops = 0 } = call;
    const [x, y = 1, z = 1] = groups;
    if (x === 0 || y === 0 || z === 0) return;
    const most = this.facts.limits.maxComputeWorkgroupsPerDimension;
    if (Math.max(x, y, z) > most) throw new Error(`${shader.name}: ${x}×${y}×${z} workgroups, at most ${most} a side`);
    const uses: Slot[] = [];
    for (const name in buffers) {
      this.pool.checkView(buffers[name], shader.name, name);
      uses.push(this.#use(buffers[name].buffer));
    }
    // What is bound twice, as numbers of two widths, is read once.
    let bytes = 0;
    for (const view of new Set<BufferView>(Object.values(buffers))) bytes += view.bytes;
    const constants = (call.constants ?? {}) as Record<string, number>;
    if (this.#ahead.active) {
      this.#ahead.want({ shader, constants });
      return;
    }
    this.#ready();
    const program = this.programs.program(shader, constants, this.pool.work);
    const texels = this.#texels.copies(call.texels ?? {}, buffers);
    const group = this.programs.bindGroup(program, shader, buffers, call.params, texels);
    this.#issue({ kind: 'dispatch', program, group, groups: [x, y, z], texels, flops, bytes, uses });
  }

  copy(from: BufferView, to: BufferView): void {
    this.pool.checkCopy(from, to);
    if (this.#ahead.active) return;
    this.#issue({
      ...{ kind: 'copy', from: from.buffer.raw, fromOffset: from.offset, to: to.buffer.raw, toOffset: to.offset },
      ...{ bytes: from.bytes, uses: [this.#use(from.buffer), this.#use(to.buffer)] },
    });
  }

  clear(view: BufferView): void {
    this.pool.checkView(view, 'clear');
    if (this.#ahead.active) return;
    const { buffer, offset, bytes } = view;
    this.#issue({ kind: 'clear', to: buffer.raw, toOffset: offset, bytes, uses: [this.#use(buffer)] });
  }

  write(view: BufferView, data: ArrayBufferView<ArrayBuffer>): void {
    this.#throwPending();
    if (data.byteLength > view.bytes) throw new Error(`write of ${data.byteLength} bytes into ${view.bytes}`);
    this.pool.checkView(view, 'write');
    const { buffer, offset } = view;
    if (this.#ahead.active) return;
    const recording = this.#recording;
    if (recording) {
      // A replay would find these bytes overwritten by what used the memory later.
      if (buffer.arena !== recording.arena) throw new Error('a recorded step cannot write to arrays from outside');
      const from = recording.upload(this.#ready(), data);
      const to = { to: buffer.raw, toOffset: offset, bytes: from.size };
      this.#issue({ kind: 'copy', from, fromOffset: 0, ...to, uses: [this.#use(buffer)] });
      return;
    }
    if (buffer.slot.lastBatch === this.#stream.batch) this.flush();
    this.#ready().queue.writeBuffer(buffer.raw, offset, data.buffer, data.byteOffset, data.byteLength);
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

  get preparing(): boolean {
    return this.#ahead.active;
  }

  async prepare(body: () => unknown, signal?: AbortSignal, arena?: Arena): Promise<void> {
    const wanted = arena
      ? this.#ahead.of(() => atOnce('gpu.prepare', this.pool.inside(arena, body)))
      : await this.#wantedAhead(body);
    await compile(this.programs, wanted, () => signal?.aborted === true || this.lost !== null);
  }

  /** The kernels of a body that may read in the end, when its memory is given back. */
  async #wantedAhead(body: () => unknown): Promise<readonly Wanted[]> {
    using job = this.job();
    let end: unknown;
    const wanted = this.#ahead.of(() => {
      end = job.do(body);
    });
    // What comes after a read is not foreseen.
    if (end instanceof Promise) await end.catch(() => {});
    return wanted;
  }

  flush(): void {
    this.#stream.flush();
    this.#texels.sweep();
  }

  async read(view: BufferView): Promise<ArrayBuffer> {
    if (this.#ahead.active) throw new Error('there are no values while kernels are compiled');
    const { buffer, offset, bytes } = view;
    const work = this.#workOf(buffer);
    buffer.work.usedBy(work);
    this.#faults.throwPending(work);
    this.pool.checkView(view, 'read');
    if (this.#recording) throw new Error('a recorded step is read after it, not inside');
    const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
    const staging = this.#ready(work).createBuffer({ size: bytes, usage });
    try {
      this.#stream.fetch(buffer.raw, offset, staging, bytes);
      this.#texels.sweep();
      const done = this.budget.watch();
      const map = () => staging.mapAsync(GPUMapMode.READ);
      await this.#faults.read(work, buffer.work, () =>
        this.#faults.caught('validation', work, 'A value could not be read', map),
      );
      done(performance.now() / 1000);
      return staging.getMappedRange().slice(0);
    } finally {
      staging.destroy();
    }
  }

  async idle(): Promise<void> {
    const { work } = this.pool;
    this.flush();
    // Writes wait for the next submit, each with a copy of its data, even when nothing was recorded after them.
    this.device.queue.submit([]);
    const done = this.budget.watch();
    await this.#faults.unlessLost(this.device.queue.onSubmittedWorkDone());
    done(performance.now() / 1000);
    this.#faults.throwPending(work);
  }

  trim(): void {
    this.flush();
    this.programs.forgetBindGroups();
    this.#texels.clear();
    for (const buffer of this.pool.takeFree()) buffer.destroy();
  }

  /**
   * Ends the device: from now on every use of it throws, and releasing its memory does nothing more. Resolves when it has come to
   * the end of what it was given: software adapters crash a process that ends before.
   */
  async destroy(): Promise<void> {
    this.#faults.destroyed();
    await this.#faults.untilDone();
    this.profiler?.destroy();
    this.device.destroy();
  }

  /** The device, for what is done for the work of this moment. */
  #ready(work: Work = this.pool.work): GPUDevice {
    this.#stream.enter(work);
    return this.device;
  }

  /** Memory of the device; `settle` is told whether there was room, the work of this moment when there was not. */
  #made<T>(text: string, create: () => T, settle: (made: boolean) => void): T {
    this.#ready();
    return this.#faults.caught('out-of-memory', this.pool.work, text, create, settle);
  }

  /** A read outside of jobs is of the job whose memory it reads. */
  #workOf(buffer: GpuBuffer): Work {
    const { work, outside } = this.pool;
    return work === outside ? buffer.work.living : work;
  }

  #use(buffer: GpuBuffer): Slot {
    this.#recording?.use(buffer);
    buffer.work.usedBy(this.pool.work);
    return buffer.slot;
  }

  #issue(command: Command): void {
    this.#throwPending();
    this.#recording?.add(command);
    this.#stream.issue(command, this.pool.work);
  }

  #throwPending(): void {
    this.#faults.throwPending(this.pool.work);
  }
}

/** What kernels, models and trainings use of a GPU; {@link DeviceGpu} is that of a device. */
export type Gpu = GpuInterface;
/** `Gpu.create` opens a device. */
export const Gpu = DeviceGpu;
