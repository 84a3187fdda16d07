import { FusionclipError } from '../base/errors.ts';

/** STORAGE, COPY_SRC and COPY_DST; as numbers, since counting works where WebGPU's globals are not set. */
const USAGE = 0x80 | 0x04 | 0x08;

/** A piece of GPU memory handed out by the {@link Pool}; identity matters, so it is an object with an id. */
export class GpuBuffer {
  readonly id: number;
  readonly raw: GPUBuffer;
  /** Bytes that were asked for (a multiple of 4); the raw buffer may be larger. */
  bytes: number;
  /** Number of the last batch of commands that used it; see `Gpu.write`. */
  lastBatch = -1;
  alive = true;
  /** The scope that will release it, or null when its creator owns it. */
  scope: Scope | null = null;
  /** Where it goes back to when it is released, or null for the memory that all share. */
  arena: Arena | null = null;
  /** How often it was handed out: whoever holds it for long sees by this that it was given to someone else. */
  lease = 0;

  constructor(id: number, raw: GPUBuffer, bytes: number) {
    this.id = id;
    this.raw = raw;
    this.bytes = bytes;
  }
}

/** Releases at its end everything that was allocated inside it and not kept: `using scope = gpu.scope()`. */
export class Scope implements Disposable {
  readonly #pool: Pool;
  readonly #parent: Scope | null;
  readonly #owned = new Set<GpuBuffer>();

  constructor(pool: Pool, parent: Scope | null) {
    this.#pool = pool;
    this.#parent = parent;
  }

  /** Takes the responsibility for a buffer. */
  adopt(buffer: GpuBuffer): void {
    if (buffer.scope) buffer.scope.#owned.delete(buffer);
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
    if (buffer.scope !== this) return;
    this.#owned.delete(buffer);
    buffer.scope = null;
    this.#parent?.adopt(buffer);
  }

  [Symbol.dispose](): void {
    for (const buffer of [...this.#owned]) this.#pool.release(buffer);
    this.#pool.leave(this, this.#parent);
  }
}

/**
 * Memory set aside for work that runs again and again on the same buffers (recording.ts): what is released inside is used
 * again inside, and by nobody else until the arena is closed.
 */
export class Arena {
  readonly free = new Map<number, GpuBuffer[]>();
  closed = false;
}

/**
 * Buffers by size class. Reuse inside one command stream is safe because commands run in order, so a buffer released
 * here may be handed out again before the GPU has finished with it.
 */
export class Pool {
  readonly #device: GPUDevice;
  readonly #limit: number;
  readonly #free = new Map<number, GpuBuffer[]>();
  #nextId = 1;
  #current: Scope | null = null;
  #arena: Arena | null = null;
  /** Bytes of all buffers handed out and not released. */
  liveBytes = 0;
  /** Number of buffers handed out and not released. */
  liveBuffers = 0;
  /** Bytes held on the device: live plus free for reuse. */
  reservedBytes = 0;
  /** Highest value that `liveBytes` had. */
  peakBytes = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
    this.#limit = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
  }

  /**
   * A buffer of at least `bytes` bytes with undefined contents, owned by the current scope.
   * @throws FusionclipError `device_lost` when it could not be bound on this adapter
   */
  allocate(bytes: number, label: string): GpuBuffer {
    const capacity = sizeClass(bytes, this.#limit);
    if (bytes > this.#limit) {
      throw new FusionclipError(
        'device_lost',
        `"${label}" needs a buffer of ${bytes} bytes, but this adapter binds at most ${this.#limit}; use a smaller batch or size.`,
      );
    }
    let buffer = this.#arena?.free.get(capacity)?.pop() ?? this.#free.get(capacity)?.pop();
    if (!buffer) {
      const raw = this.#device.createBuffer({
        size: capacity,
        usage: USAGE,
      });
      buffer = new GpuBuffer(this.#nextId++, raw, bytes);
      this.reservedBytes += capacity;
    }
    buffer.bytes = bytes;
    buffer.alive = true;
    buffer.lease++;
    buffer.arena = this.#arena;
    buffer.scope = null;
    this.#current?.adopt(buffer);
    this.liveBytes += buffer.raw.size;
    this.liveBuffers++;
    this.peakBytes = Math.max(this.peakBytes, this.liveBytes);
    return buffer;
  }

  /** Gives a buffer back for reuse. Releasing twice is an error in the program. */
  release(buffer: GpuBuffer): void {
    if (!buffer.alive) throw new Error(`buffer ${buffer.id} was released twice`);
    buffer.scope?.disown(buffer);
    buffer.alive = false;
    this.liveBytes -= buffer.raw.size;
    this.liveBuffers--;
    this.#giveBack(buffer);
  }

  /** Runs `body`, all of whose allocations come from an arena and go back there. */
  inside<T>(arena: Arena, body: () => T): T {
    const outer = this.#arena;
    this.#arena = arena;
    try {
      return body();
    } finally {
      this.#arena = outer;
    }
  }

  /** Returns an arena's memory to all; what is still in use there follows when it is released. */
  close(arena: Arena): void {
    arena.closed = true;
    for (const buffer of [...arena.free.values()].flat()) this.#giveBack(buffer);
    arena.free.clear();
  }

  /** Opens a scope; scopes nest and must be closed in reverse order. */
  scope(): Scope {
    this.#current = new Scope(this, this.#current);
    return this.#current;
  }

  /** Called by a scope that ends. */
  leave(scope: Scope, parent: Scope | null): void {
    if (this.#current !== scope) throw new Error('memory scopes must be closed in the reverse order of opening');
    this.#current = parent;
  }

  /** Takes every free buffer out of the pool; the caller destroys them once no recorded command uses them. */
  takeFree(): GpuBuffer[] {
    const all = [...this.#free.values()].flat();
    this.#free.clear();
    for (const buffer of all) this.reservedBytes -= buffer.raw.size;
    return all;
  }

  #giveBack(buffer: GpuBuffer): void {
    if (buffer.arena?.closed) buffer.arena = null;
    const free = buffer.arena?.free ?? this.#free;
    const list = free.get(buffer.raw.size);
    if (list) list.push(buffer);
    else free.set(buffer.raw.size, [buffer]);
  }
}

/** Rounds up to 256 bytes times 4, 5, 6 or 7 quarters of a power of two: at most a quarter is wasted. */
function sizeClass(bytes: number, limit: number): number {
  if (bytes <= 256) return 256;
  const step = Math.max(256, 2 ** (Math.floor(Math.log2(bytes - 1)) - 2));
  const rounded = Math.ceil(bytes / step) * step;
  return rounded > limit ? Math.ceil(bytes / 4) * 4 : rounded;
}
