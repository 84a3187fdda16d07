import type { AdapterFacts } from './adapter.ts';
import type { Pool, Scope } from './memory.ts';
import type { BufferView } from './programs.ts';
import type { Recording } from './recording.ts';
import type { Shader } from './shader.ts';
import type { Arena } from './slots.ts';
import type { SubmitBudget } from './submit_budget.ts';
import type { TexelLayout } from './texels.ts';

/** One dispatch of a kernel. */
export interface Dispatch<B extends string, P extends string, C extends string> {
  readonly shader: Shader<B, P, C>;
  readonly constants?: Partial<Record<C, number>>;
  readonly buffers: Readonly<Record<B, BufferView>>;
  readonly params: Readonly<Record<P, number>>;
  /** Of the bindings that the shader reads as texels: which of their bytes are copied into a texture. */
  readonly texels?: Readonly<Partial<Record<B, TexelLayout>>>;
  /** Workgroups along x, y and z. */
  readonly groups: readonly [number, number?, number?];
  /** Floating-point operations, for the profile and for splitting submits. */
  readonly flops?: number;
}

/** Measured choices of an adapter by the word of a kernel; without one, a kernel goes by the adapter's class. */
export type Tuning = Readonly<Record<string, string>>;

/**
 * Memory and one stream of commands: what kernels, models and trainings use of a GPU. It is a device's (`Gpu.create`), or
 * one that only counts or writes down what is asked of it.
 *
 * An operation only records; commands are submitted when a value is read, when `flush` is called, or when enough have
 * gathered. Several pieces of asynchronous work may share it: what runs without an `await` runs alone, and what holds
 * memory across one takes a {@link job}. Every use of released memory throws.
 */
export interface Gpu {
  readonly facts: AdapterFacts;
  readonly pool: Pool;
  tuning: Tuning;
  /** Floating-point operations of all dispatches so far, as the wrappers declared them. */
  readonly flops: number;
  /** @internal In how many pieces a kernel has to be launched. */
  readonly budget: Pick<SubmitBudget, 'pieces'>;

  /** Opens a memory scope, to be closed before anything is awaited: `using scope = gpu.scope()`. See {@link Scope}. */
  scope(): Scope;

  /**
   * A memory scope for work that awaits, beside which other such work may run: `using job = gpu.job()`. What is done inside
   * `job.do(() => …)` belongs to it, and nothing else.
   */
  job(): Scope;

  /** Runs `body` outside of scopes and recordings: what it makes belongs to the caller, and a replay does not repeat it. */
  lasting<T>(body: () => T): T;

  /** Runs `body` with other choices of variants, which what runs beside it does not see. */
  tuned<T>(tuning: Tuning, body: () => T): T;

  /**
   * Puts one dispatch into the stream.
   * @throws Error when a view was released, and an error reported since the last call
   */
  run<B extends string, P extends string, C extends string>(call: Dispatch<B, P, C>): void;

  /** Copies bytes between two buffers; offsets and length are multiples of 4. */
  copy(from: BufferView, to: BufferView): void;

  /** Whether memory has contents: where it has none, what would be written need not be made. */
  readonly holdsValues: boolean;

  /** Fills a view with zeros. */
  clear(view: BufferView): void;

  /** Writes host data; recorded commands that use the buffer are submitted first, so that they see the old contents. */
  write(view: BufferView, data: ArrayBufferView<ArrayBuffer>): void;

  /** Bytes of a view, copied to the host. The only way to see a value; everything recorded is submitted. */
  read(view: BufferView): Promise<ArrayBuffer>;

  /**
   * @internal Runs `body`, keeping its commands for {@link replay}; see `RepeatedStep`. What it allocates lies in the recording's
   * arena and is released when this returns.
   */
  record<T>(recording: Recording, body: () => T): T;

  /** @internal Issues the commands of a recording again. @throws Error when memory that they use was released */
  replay(recording: Recording): void;

  /**
   * @internal Compiles the kernels of `body`, which runs without its commands (a read in it fails): one after the other, so that signals
   * get their turn in what may take many seconds and what follows would do without a pause. A failure is left to that, and so
   * is the signal.
   * @param arena where what `body` allocates lies, see `RepeatedStep`; without one a body may begin something asynchronous
   */
  prepare(body: () => unknown, signal?: AbortSignal, arena?: Arena): Promise<void>;

  /** @internal Whether {@link prepare} runs a body: what it makes has no values. */
  readonly preparing: boolean;

  /** Submits what is recorded. */
  flush(): void;

  /** Submits everything and waits for it; throws an error reported meanwhile. */
  idle(): Promise<void>;

  /** Why the device was lost, or null while it is there; once lost, it stays so, and every call throws. */
  readonly lost: string | null;

  /** As {@link lost}, after the moment that a runtime may take to tell it: an error can arrive before its cause. */
  lostSoon(): Promise<string | null>;

  /** Returns memory that is held for reuse to the system. */
  trim(): void;
}

/** Refuses a body that waits: other work would run meanwhile, in the midst of this one's. */
export function atOnce<T>(what: string, value: T): T {
  if (value instanceof Promise) throw new Error(`${what}: the body must not be asynchronous`);
  return value;
}
