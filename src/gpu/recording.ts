import { GpuArray } from './array.ts';
import { atOnce, type Gpu } from './interface.ts';
import { Arena, type GpuBuffer, type Slot } from './memory.ts';
import type { Program } from './programs.ts';

/** A dispatch with everything resolved: pipeline, bind group, size. */
export interface DispatchCommand {
  readonly kind: 'dispatch';
  readonly program: Program;
  readonly group: GPUBindGroup;
  readonly groups: readonly [number, number, number];
  /** Floating-point operations that the wrapper declared. */
  readonly flops: number;
  /** Bytes of all bound views. */
  readonly bytes: number;
  readonly uses: readonly Slot[];
}

/** A copy between two buffers; offsets and length in bytes. */
export interface CopyCommand {
  readonly kind: 'copy';
  readonly from: GPUBuffer;
  readonly fromOffset: number;
  readonly to: GPUBuffer;
  readonly toOffset: number;
  readonly bytes: number;
  readonly uses: readonly Slot[];
}

/** Zeros into a part of a buffer; offset and length in bytes. */
export interface ClearCommand {
  readonly kind: 'clear';
  readonly to: GPUBuffer;
  readonly toOffset: number;
  readonly bytes: number;
  readonly uses: readonly Slot[];
}

/** What is put into a stream of commands, once by an eager call or again and again by a recording. */
export type Command = DispatchCommand | CopyCommand | ClearCommand;

/** The commands of a piece of work and the host data that it uploaded. Made by `Gpu.record`. */
export class Recording {
  readonly arena: Arena;
  readonly commands: Command[] = [];
  readonly #outside = new Set<GpuBuffer>();
  readonly #uploads: GPUBuffer[] = [];
  #released = false;

  /** @param arena where everything that the work allocates lies */
  constructor(arena: Arena) {
    this.arena = arena;
  }

  /** Notes memory that a command uses. */
  use(buffer: GpuBuffer): void {
    if (buffer.arena !== this.arena) this.#outside.add(buffer);
  }

  /** Host data that the work uploads, kept so that a replay finds it. */
  upload(device: GPUDevice, data: ArrayBufferView<ArrayBuffer>): GPUBuffer {
    const size = Math.ceil(data.byteLength / 4) * 4;
    const buffer = device.createBuffer({
      label: 'recorded upload',
      size,
      usage: GPUBufferUsage.COPY_SRC,
      mappedAtCreation: true,
    });
    new Uint8Array(buffer.getMappedRange()).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    buffer.unmap();
    this.#uploads.push(buffer);
    return buffer;
  }

  /** @throws Error when it was released, or memory from outside that its commands use */
  check(): void {
    if (this.#released) throw new Error('a recording was replayed after its release');
    for (const buffer of this.#outside) if (!buffer.alive) buffer.check('replay');
  }

  /** Frees the uploads; the arena belongs to whoever made it. */
  release(): void {
    for (const buffer of this.#uploads) buffer.destroy();
    this.commands.length = 0;
    this.#released = true;
  }
}

/**
 * A step that is carried out many times: the first time it runs eagerly and is recorded, from then on its commands are
 * issued again without any of the host's work. Both ways put the same commands into the stream, so they give the same
 * bits.
 *
 * What changes from step to step has to lie in arrays that were made before and are written between the steps. Nothing that
 * a step allocates outlives it but its result, and what it makes inside `gpu.lasting()` the first time.
 */
export class RepeatedStep<T extends GpuArray | null> {
  readonly #gpu: Gpu;
  readonly #arena = new Arena();
  readonly #known = new Map<string, { recording: Recording; result: T }>();

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /**
   * One step.
   * @param key names the shapes of the inputs: each key is recorded once; all share their memory
   * @param body must do the same for equal keys, waits for nothing, and writes no array from outside on the host
   * @returns a copy of what `body` returned, which the next step of the same key overwrites and `release` ends
   * @throws Error when memory that the step uses, and that others own, was released
   */
  run(key: string, body: () => T): T {
    const known = this.#known.get(key);
    if (known) {
      this.#gpu.replay(known.recording);
      return known.result;
    }
    const recording = new Recording(this.#arena);
    let result: GpuArray | null = null;
    try {
      this.#gpu.record(recording, () => {
        const out = atOnce('a repeated step', body());
        if (!(out instanceof GpuArray)) return;
        result = this.#gpu.lasting(() => GpuArray.empty(this.#gpu, out.shape, out.dtype, `result of step ${key}`));
        this.#gpu.copy(out, result);
      });
    } catch (error) {
      (result as GpuArray | null)?.release();
      recording.release();
      throw error;
    }
    this.#known.set(key, { recording, result: result as T });
    return result as T;
  }

  /** Gives the memory back, that of the results too. */
  release(): void {
    this.#gpu.flush();
    for (const { recording, result } of this.#known.values()) {
      recording.release();
      result?.release();
    }
    this.#known.clear();
    this.#gpu.pool.close(this.#arena);
  }
}
