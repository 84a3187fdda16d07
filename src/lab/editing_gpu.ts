import type { GpuArray } from '../gpu/array.ts';
import type { DeviceGpu, Dispatch, Gpu, Tuning } from '../gpu/gpu.ts';
import type { GpuBuffer, Pool, Scope } from '../gpu/memory.ts';
import type { BufferView } from '../gpu/programs.ts';
import type { Recording } from '../gpu/recording.ts';
import type { Shader } from '../gpu/shader.ts';
import type { Arena } from '../gpu/slots.ts';
import { GUARD_BINDING } from './guard.ts';

/** What takes the place of a shader. */
export interface Edit {
  readonly shader: Shader;
  /** Other values than the wrapper asks for. */
  readonly constants?: Readonly<Record<string, number>>;
  readonly groups?: readonly [number, number, number];
}

/** Shaders by the name of the one that they take the place of. */
export type Edits = ReadonlyMap<string, Edit>;

/** One dispatch as it was issued. */
export interface Issued {
  readonly shader: Shader;
  readonly constants: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, number>>;
  readonly groups: readonly [number, number, number];
}

/** A number that no kernel makes by itself: NaN, in a buffer that nobody has written. */
const UNWRITTEN = 0xff;

/**
 * A device's `Gpu` on which the library's own wrappers run other shaders than their own, so that an edited kernel gets the very
 * buffers, parameters and workgroups of the one that it is an edit of.
 */
export class EditingGpu implements Gpu {
  readonly #gpu: DeviceGpu;
  #edits: Edits = new Map();
  #watch: { readonly issued: Issued[]; readonly guard: GpuArray | null; readonly written: Set<GpuBuffer> } | null =
    null;

  constructor(gpu: DeviceGpu) {
    this.#gpu = gpu;
  }

  /** Runs `body` with shaders replaced. */
  edited<T>(edits: Edits, body: () => T): T {
    const before = this.#edits;
    this.#edits = edits;
    try {
      return body();
    } finally {
      this.#edits = before;
    }
  }

  /**
   * Runs `body` and tells what was dispatched. Memory that a kernel writes is filled with NaN before, so that what it leaves out is seen:
   * a buffer of the pool may still hold the right result of an earlier run.
   * @param guard where guarded shaders write the line of an endless loop
   */
  watched<T>(guard: GpuArray | null, body: () => T): { result: T; issued: readonly Issued[] } {
    const issued: Issued[] = [];
    this.#watch = { issued, guard, written: new Set() };
    try {
      return { result: body(), issued };
    } finally {
      this.#watch = null;
    }
  }

  run<B extends string, P extends string, C extends string>(call: Dispatch<B, P, C>): void {
    const edit = this.#edits.get(call.shader.name);
    const constants = { ...(call.constants as Record<string, number> | undefined), ...edit?.constants };
    const [x, y = 1, z = 1] = edit?.groups ?? call.groups;
    const shader: Shader = edit?.shader ?? call.shader;
    const buffers: Record<string, BufferView> = { ...call.buffers };
    const watch = this.#watch;
    if (watch) {
      if (watch.guard) buffers[GUARD_BINDING] = watch.guard;
      watch.issued.push({ shader, constants, params: call.params, groups: [x, y, z] });
      for (const { name, access } of shader.bindings) {
        if (access === 'read_write' && name !== GUARD_BINDING && buffers[name]) this.#firstUse(buffers[name]);
      }
    }
    const { params, texels, flops } = call;
    this.#gpu.run<string, string, string>({ shader, constants, buffers, params, texels, groups: [x, y, z], flops });
  }

  #firstUse(view: BufferView): void {
    if (this.#watch?.written.has(view.buffer)) return;
    this.#written(view);
    this.#gpu.write(view, new Uint8Array(view.bytes).fill(UNWRITTEN));
  }

  #written(view: BufferView): void {
    this.#watch?.written.add(view.buffer);
  }

  copy(from: BufferView, to: BufferView): void {
    this.#written(to);
    this.#gpu.copy(from, to);
  }

  clear(view: BufferView): void {
    this.#written(view);
    this.#gpu.clear(view);
  }

  write(view: BufferView, data: ArrayBufferView<ArrayBuffer>): void {
    this.#written(view);
    this.#gpu.write(view, data);
  }

  get facts(): Gpu['facts'] {
    return this.#gpu.facts;
  }
  get holdsValues(): boolean {
    return this.#gpu.holdsValues;
  }
  get pool(): Pool {
    return this.#gpu.pool;
  }
  get budget(): Gpu['budget'] {
    return this.#gpu.budget;
  }
  get flops(): number {
    return this.#gpu.flops;
  }
  get lost(): string | null {
    return this.#gpu.lost;
  }
  get tuning(): Tuning {
    return this.#gpu.tuning;
  }
  set tuning(tuning: Tuning) {
    this.#gpu.tuning = tuning;
  }
  scope(): Scope {
    return this.#gpu.scope();
  }
  job(): Scope {
    return this.#gpu.job();
  }
  lasting<T>(body: () => T): T {
    return this.#gpu.lasting(body);
  }
  tuned<T>(tuning: Tuning, body: () => T): T {
    return this.#gpu.tuned(tuning, body);
  }
  read(view: BufferView): Promise<ArrayBuffer> {
    return this.#gpu.read(view);
  }
  record<T>(recording: Recording, body: () => T): T {
    return this.#gpu.record(recording, body);
  }
  replay(recording: Recording): void {
    this.#gpu.replay(recording);
  }
  get preparing(): boolean {
    return this.#gpu.preparing;
  }

  prepare(body: () => unknown, signal?: AbortSignal, arena?: Arena): Promise<void> {
    return this.#gpu.prepare(body, signal, arena);
  }
  flush(): void {
    this.#gpu.flush();
  }
  idle(): Promise<void> {
    return this.#gpu.idle();
  }
  lostSoon(): Promise<string | null> {
    return this.#gpu.lostSoon();
  }
  trim(): void {
    this.#gpu.trim();
  }
}
