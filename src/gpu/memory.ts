import { FusionclipError } from '../base/errors.ts';

/** STORAGE, COPY_SRC and COPY_DST; as numbers, since counting works where WebGPU's globals are not set. */
const USAGE = 0x80 | 0x04 | 0x08;

/** What the pool uses of a device. */
interface MemorySource {
  readonly limits: Pick<GPUSupportedLimits, 'maxBufferSize' | 'maxStorageBufferBindingSize'>;
  createBuffer(descriptor: GPUBufferDescriptor): GPUBuffer;
}

const ORDER =
  'memory scopes must be closed in the reverse order of opening, before anything is awaited; work that awaits takes gpu.job()';

/** A buffer of the device, which the {@link Pool} hands out to one owner after the other. */
export interface Slot {
  readonly id: number;
  readonly raw: GPUBuffer;
  /** Number of the last batch of commands that used it; see `Gpu.write`. */
  lastBatch: number;
}

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
  alive = true;
  /** The scope that will release it, or null when its creator owns it. */
  scope: Scope | null = null;

  /** @internal `Pool.allocate` makes it */
  constructor(slot: Slot, bytes: number, label: string, arena: Arena | null) {
    this.slot = slot;
    this.bytes = bytes;
    this.label = label;
    this.arena = arena;
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
    if (this.arena) {
      throw new Error(
        `keep: "${this.label}" lies in the memory of a recorded step; make what outlives the step inside gpu.lasting().`,
      );
    }
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
  readonly #pool: Pool;
  readonly #owned = new Set<GpuBuffer>();
  #ended = false;

  constructor(pool: Pool, parent: Scope | null) {
    this.#pool = pool;
    this.parent = parent;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Takes the responsibility for a buffer. */
  adopt(buffer: GpuBuffer): void {
    if (this.#ended) throw new Error(`the memory scope that "${buffer.label}" is for has ended`);
    buffer.scope?.disown(buffer);
    buffer.scope = this;
    this.#owned.add(buffer);
  }

  /** Lets a buffer outlive this scope: the caller now owns it and must release it. */
  disown(buffer: GpuBuffer): void {
    this.#owned.delete(buffer);
    buffer.scope = null;
  }

  /** Hands a buffer to the enclosing scope (to the caller when there is none). */
  pass(buffer: GpuBuffer): void {
    buffer.check('pass');
    if (buffer.scope !== this) return;
    if (this.parent) this.parent.adopt(buffer);
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

/**
 * Memory set aside for work that runs again and again on the same buffers (recording.ts): what is released inside is used
 * again inside, and by nobody else until the arena is closed.
 */
export class Arena {
  readonly free = new Map<number, Slot[]>();
  closed = false;
}

/**
 * Buffers by size class. Reuse inside one command stream is safe because commands run in order, so a buffer released
 * here may be handed out again before the GPU has finished with it.
 */
export class Pool {
  readonly #device: MemorySource;
  readonly #limit: number;
  readonly #free = new Map<number, Slot[]>();
  #nextId = 1;
  #current: Scope | null = null;
  /** Scopes that are to be closed in the reverse order of opening; the others are jobs. */
  readonly #stacked = new Set<Scope>();
  #arena: Arena | null = null;
  /** Bytes of all buffers handed out and not released. */
  liveBytes = 0;
  /** Number of buffers handed out and not released. */
  liveBuffers = 0;
  /** Bytes held on the device: live plus free for reuse. */
  reservedBytes = 0;
  /** Highest value that `liveBytes` had. */
  peakBytes = 0;

  /** @internal */
  constructor(device: MemorySource) {
    this.#device = device;
    this.#limit = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
  }

  /**
   * A buffer of at least `bytes` bytes with undefined contents, owned by the current scope.
   * @throws FusionclipError `too_large` when it could not be bound on this adapter
   */
  allocate(bytes: number, label: string): GpuBuffer {
    const capacity = sizeClass(bytes, this.#limit);
    if (bytes > this.#limit) {
      throw new FusionclipError(
        'too_large',
        `"${label}" needs a buffer of ${bytes} bytes, but this adapter binds at most ${this.#limit}; use a smaller batch or size.`,
      );
    }
    let slot = this.#arena?.free.get(capacity)?.pop() ?? this.#free.get(capacity)?.pop();
    if (!slot) {
      const raw = this.#device.createBuffer({ size: capacity, usage: USAGE });
      slot = { id: this.#nextId++, raw, lastBatch: -1 };
      this.reservedBytes += capacity;
    }
    const buffer = new GpuBuffer(slot, bytes, label, this.#arena);
    this.#current?.adopt(buffer);
    this.liveBytes += capacity;
    this.liveBuffers++;
    this.peakBytes = Math.max(this.peakBytes, this.liveBytes);
    return buffer;
  }

  /** Gives a buffer back for reuse. Releasing twice is an error in the program. */
  release(buffer: GpuBuffer): void {
    if (!buffer.alive) throw new Error(`"${buffer.label}" was released twice`);
    buffer.scope?.disown(buffer);
    buffer.alive = false;
    this.liveBytes -= buffer.raw.size;
    this.liveBuffers--;
    this.#giveBack(buffer.slot, buffer.arena);
  }

  /** @internal Runs `body`, all of whose allocations come from an arena and go back there, at its end at the latest. */
  inside<T>(arena: Arena, body: () => T): T {
    if (arena.closed) throw new Error('a recorded step was run after its release');
    const outer = this.#arena;
    this.#arena = arena;
    try {
      using _scope = this.scope();
      return body();
    } finally {
      this.#arena = outer;
    }
  }

  /** Runs `body` outside of scopes and arenas: whoever allocates in it releases it. */
  lasting<T>(body: () => T): T {
    const outer = this.#arena;
    this.#arena = null;
    try {
      return this.within(null, body);
    } finally {
      this.#arena = outer;
    }
  }

  /** @internal Returns an arena's memory to all; what is still in use there follows when it is released. */
  close(arena: Arena): void {
    arena.closed = true;
    for (const slot of [...arena.free.values()].flat()) this.#giveBack(slot, null);
    arena.free.clear();
  }

  /** Opens a scope inside the current one, which it now is; to be closed before anything is awaited. See {@link Scope}. */
  scope(): Scope {
    const scope = new Scope(this, this.#current);
    this.#stacked.add(scope);
    this.#current = scope;
    return scope;
  }

  /** A scope inside the current one for work that awaits: current in its `do` alone. */
  job(): Scope {
    return new Scope(this, this.#current);
  }

  /** Runs `body` with `scope` as the current one. */
  within<T>(scope: Scope | null, body: () => T): T {
    const outer = this.#current;
    this.#current = scope;
    try {
      const out = body();
      if (this.#current !== scope) throw new Error(ORDER);
      return out;
    } finally {
      this.#current = outer;
    }
  }

  /** Called by a scope that has ended. */
  leave(scope: Scope): void {
    const stacked = this.#stacked.delete(scope);
    if (stacked !== (this.#current === scope)) throw new Error(ORDER);
    while (this.#current?.ended) this.#current = this.#current.parent;
  }

  /** Takes every free buffer out of the pool; the caller destroys them once no recorded command uses them. */
  takeFree(): GPUBuffer[] {
    const all = [...this.#free.values()].flat().map(({ raw }) => raw);
    this.#free.clear();
    for (const { size } of all) this.reservedBytes -= size;
    return all;
  }

  #giveBack(slot: Slot, arena: Arena | null): void {
    const free = arena && !arena.closed ? arena.free : this.#free;
    const list = free.get(slot.raw.size);
    if (list) list.push(slot);
    else free.set(slot.raw.size, [slot]);
  }
}

/** Rounds up to 256 bytes times 4, 5, 6 or 7 quarters of a power of two: at most a quarter is wasted. */
function sizeClass(bytes: number, limit: number): number {
  if (bytes <= 256) return 256;
  const step = Math.max(256, 2 ** (Math.floor(Math.log2(bytes - 1)) - 2));
  const rounded = Math.ceil(bytes / step) * step;
  return rounded > limit ? Math.ceil(bytes / 4) * 4 : rounded;
}
