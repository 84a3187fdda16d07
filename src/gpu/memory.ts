import { FusionclipError } from '../base/errors.ts';
import { type Arena, type MemorySource, type Slot, Slots } from './slots.ts';
import { Work } from './work.ts';

/** A part of a buffer; offset and length in bytes. */
interface View {
  readonly buffer: GpuBuffer;
  readonly offset: number;
  readonly bytes: number;
}

const ORDER =
  'memory scopes must be closed in the reverse order of opening, before anything is awaited; work that awaits takes gpu.job()';

const STEP = 'lies in the memory of a recorded step; make what outlives the step inside gpu.lasting().';

/**
 * GPU memory as one owner has it, from being handed out until it is released. Every hand-out is an object of its own, so
 * whoever still holds the last owner's finds it dead, whatever became of the memory.
 */
export class GpuBuffer {
  /** @internal */
  readonly slot: Slot;
  /** Bytes that were asked for (a multiple of 4); the raw buffer may be larger. */
  readonly bytes: number;
  /** What it was made for, for messages. */
  readonly label: string;
  /** @internal Where the memory goes back to when it is released, or null for the memory that all share. */
  readonly arena: Arena | null;
  /** @internal The work that made it. */
  readonly work: Work;
  /** @internal `Pool.release` ends it */
  alive = true;
  /** The scope that will release it, or null when its creator owns it. */
  scope: Scope | null = null;

  /** @internal `Pool.allocate` makes it */
  constructor(slot: Slot, bytes: number, label: string, arena: Arena | null, work: Work) {
    this.slot = slot;
    this.bytes = bytes;
    this.label = label;
    this.arena = arena;
    this.work = work;
  }

  /** The device's buffer; another owner may have it once this one is released. */
  get raw(): GPUBuffer {
    return this.slot.raw;
  }

  /** @throws Error that names `user`, an action or a kernel, when this was released */
  check(user: string): void {
    if (!this.alive) throw new Error(`${user}: "${this.label}" was released before this call`);
  }

  /** Takes it out of its scope: its creator owns it now. */
  keep(): void {
    this.check('keep');
    if (this.arena) throw new Error(`keep: "${this.label}" ${STEP}`);
    this.scope?.disown(this);
  }
}

/**
 * Releases at its end everything that was allocated inside it and not kept.
 *
 * `using scope = gpu.scope()` is the current scope until its block ends, which must happen before anything is awaited:
 * meanwhile other work may run, and what that allocates would be taken for this scope's. Work that awaits has a scope of
 * its own, `using job = gpu.job()`, which is current only inside `job.do(() => …)`.
 */
export class Scope implements Disposable {
  /** Where {@link pass} hands things to. */
  readonly parent: Scope | null;
  /** @internal Where the memory of what is made inside comes from. */
  readonly arena: Arena | null;
  /** @internal What is done inside belongs to it: a job's own, or that around a scope. */
  readonly work: Work;
  readonly #pool: Pool;
  readonly #owned = new Set<GpuBuffer>();
  #ended = false;

  /** @internal `Gpu.scope` and `Gpu.job` make it */
  constructor(pool: Pool, parent: Scope | null, arena: Arena | null, work: Work) {
    this.#pool = pool;
    this.parent = parent;
    this.arena = arena;
    this.work = work;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Takes the responsibility for a buffer. @throws Error for released memory, another Gpu's, or that of a recorded step */
  adopt(buffer: GpuBuffer): void {
    this.#pool.check(buffer, 'adopt');
    this.open(buffer.label);
    if (buffer.arena && buffer.arena !== this.arena) throw new Error(`adopt: "${buffer.label}" ${STEP}`);
    buffer.scope?.disown(buffer);
    buffer.scope = this;
    this.#owned.add(buffer);
  }

  /** @internal Lets a buffer outlive this scope: the caller now owns it and must release it. */
  disown(buffer: GpuBuffer): void {
    if (this.#owned.delete(buffer)) buffer.scope = null;
  }

  /** @internal @throws Error that names what is to be made, when this has ended */
  open(label: string): void {
    if (this.#ended) throw new Error(`the memory scope that "${label}" is for has ended`);
  }

  /** Hands a buffer to the enclosing scope (to the caller when there is none). */
  pass(buffer: GpuBuffer): void {
    buffer.check('pass');
    if (buffer.scope !== this) return;
    if (this.parent) this.parent.adopt(buffer);
    else if (this.arena) throw new Error(`pass: "${buffer.label}" ${STEP}`);
    else this.disown(buffer);
  }

  /**
   * Runs `body` with this scope as the current one. A body may begin something asynchronous and return its promise; only
   * what it does before its first `await` is inside.
   */
  do<T>(body: () => T): T {
    return this.#pool.within(this, body);
  }

  /** Closes the scope. */
  [Symbol.dispose](): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const buffer of this.#owned) this.#pool.release(buffer);
    this.#pool.leave(this);
  }
}

/** Who owns which memory: what is asked for is handed out in sizes of few classes, released, and handed out again. */
export class Pool {
  readonly #slots: Slots;
  readonly #limit: number;
  #current: Scope | null = null;
  /** @internal All that is done outside of jobs. */
  readonly outside = new Work(null);
  #work = this.outside;
  /** Scopes that are to be closed in the reverse order of opening; the others are jobs. */
  readonly #stacked = new Set<Scope>();
  /** Bytes of all buffers handed out and not released. */
  liveBytes = 0;
  /** Number of buffers handed out and not released. */
  liveBuffers = 0;
  /** Highest value that `liveBytes` had. */
  peakBytes = 0;

  /** @internal */
  constructor(device: MemorySource) {
    this.#slots = new Slots(device);
    this.#limit = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
  }

  /**
   * A buffer of at least `bytes` bytes with undefined contents, owned by the current scope, from whose arena it comes.
   * @throws FusionclipError `too_large` when it could not be bound on this adapter
   */
  allocate(bytes: number, label: string): GpuBuffer {
    this.#current?.open(label);
    const capacity = sizeClass(bytes, this.#limit);
    if (bytes > this.#limit) {
      throw new FusionclipError(
        'too_large',
        `"${label}" needs a buffer of ${bytes} bytes, but this adapter binds at most ${this.#limit}; use a smaller batch or size.`,
      );
    }
    const arena = this.#current?.arena ?? null;
    const slot = this.#slots.take(capacity, arena, this.#work);
    const buffer = new GpuBuffer(slot, bytes, label, arena, this.#work);
    this.#current?.adopt(buffer);
    this.liveBytes += capacity;
    this.liveBuffers++;
    this.peakBytes = Math.max(this.peakBytes, this.liveBytes);
    return buffer;
  }

  /**
   * What every use of memory begins with.
   * @throws Error that names `user`, an action or a kernel with its `binding`, when the buffer was released or is another Gpu's
   */
  check(buffer: GpuBuffer, user: string, binding?: string): void {
    if (buffer.alive && buffer.slot.home === this.#slots) return;
    const where = binding === undefined ? user : `${user} (${binding})`;
    buffer.check(where);
    throw new Error(`${where}: "${buffer.label}" is memory of another Gpu; read it there and write it here.`);
  }

  /** @internal {@link check} of a part of a buffer. @throws Error also when it is not inside */
  checkView(view: View, user: string, binding?: string): void {
    const { buffer, offset, bytes } = view;
    this.check(buffer, user, binding);
    if (offset >= 0 && offset + bytes <= buffer.bytes) return;
    const where = binding === undefined ? user : `${user} (${binding})`;
    throw new Error(
      `${where}: bytes ${offset} to ${offset + bytes} are not inside "${buffer.label}" of ${buffer.bytes}`,
    );
  }

  /** @internal {@link checkView} of both ends of a copy. @throws Error also when there is too little room */
  checkCopy(from: View, to: View): void {
    this.checkView(from, 'copy from');
    this.checkView(to, 'copy to');
    if (from.bytes > to.bytes) throw new Error(`copy of ${from.bytes} bytes into ${to.bytes}`);
  }

  /** Gives a buffer back for reuse. Releasing twice is an error in the program. */
  release(buffer: GpuBuffer): void {
    if (!buffer.alive) throw new Error(`"${buffer.label}" was released twice`);
    this.check(buffer, 'release');
    buffer.scope?.disown(buffer);
    buffer.alive = false;
    this.liveBytes -= buffer.raw.size;
    this.liveBuffers--;
    this.#slots.giveBack(buffer.slot, buffer.arena);
  }

  /** @internal Runs `body`, all of whose allocations come from an arena and go back there, at its end at the latest. */
  inside<T>(arena: Arena, body: () => T): T {
    if (arena.closed) throw new Error('a recorded step was run after its release');
    using scope = new Scope(this, null, arena, this.#work);
    return this.within(scope, body);
  }

  /** @internal Returns an arena's memory to all; what is still in use there follows when it is released. */
  close(arena: Arena): void {
    this.#slots.close(arena);
  }

  /** Opens a scope inside the current one, which it now is; to be closed before anything is awaited. See {@link Scope}. */
  scope(): Scope {
    const scope = new Scope(this, this.#current, this.#current?.arena ?? null, this.#work);
    this.#stacked.add(scope);
    this.#current = scope;
    return scope;
  }

  /** A scope inside the current one for work that awaits: current in its `do` alone. @throws Error in a recorded step */
  job(): Scope {
    if (this.#current?.arena) throw new Error('a recorded step waits for nothing: gpu.scope() will do for gpu.job()');
    return new Scope(this, this.#current, null, new Work(this.#work));
  }

  /** @internal The work that what is done at this moment belongs to. */
  get work(): Work {
    return this.#work;
  }

  /** Runs `body` with `scope` as the current one; with null outside of all: whoever allocates in it releases it. */
  within<T>(scope: Scope | null, body: () => T): T {
    const [outer, work] = [this.#current, this.#work];
    this.#current = scope;
    this.#work = scope?.work ?? work;
    try {
      const out = body();
      if (this.#current !== scope) throw new Error(ORDER);
      return out;
    } finally {
      this.#current = outer;
      this.#work = work;
    }
  }

  /** Called by a scope that has ended. */
  leave(scope: Scope): void {
    const stacked = this.#stacked.delete(scope);
    const isJob = !stacked && scope.arena === null;
    if (isJob) scope.work.end();
    if (stacked !== (this.#current === scope)) throw new Error(ORDER);
    while (this.#current?.ended) this.#current = this.#current.parent;
  }

  /** Bytes held on the device: live, free for reuse, and in textures. */
  get reservedBytes(): number {
    return this.#slots.bytes;
  }

  /** @internal Counts what is made (or, less than 0, destroyed) on the device beside buffers. */
  reserve(bytes: number): void {
    this.#slots.bytes += bytes;
  }

  /** Takes every free buffer out of the pool; the caller destroys them once no recorded command uses them. */
  takeFree(): GPUBuffer[] {
    return this.#slots.takeFree();
  }
}

/** Rounds up to 256 bytes times 4, 5, 6 or 7 quarters of a power of two: at most a quarter is wasted. */
function sizeClass(bytes: number, limit: number): number {
  if (bytes <= 256) return 256;
  const step = Math.max(256, 2 ** (Math.floor(Math.log2(bytes - 1)) - 2));
  const rounded = Math.ceil(bytes / step) * step;
  return rounded > limit ? Math.ceil(bytes / 4) * 4 : rounded;
}
