import type { GpuBuffer } from './memory.ts';
import type { Program } from './programs.ts';
import type { Arena, Slot } from './slots.ts';
import type { TexelCopy, TexelTexture } from './texels.ts';

/** A dispatch with everything resolved: pipeline, bind group, size. */
export interface DispatchCommand {
  readonly kind: 'dispatch';
  readonly program: Program;
  readonly group: GPUBindGroup;
  readonly groups: readonly [number, number, number];
  /** What is copied before it. */
  readonly texels: readonly TexelCopy[];
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
  readonly #textures = new Set<TexelTexture>();
  #released = false;

  /** @param arena where everything that the work allocates lies */
  constructor(arena: Arena) {
    this.arena = arena;
  }

  /** Notes memory that a command uses. */
  use(buffer: GpuBuffer): void {
    if (buffer.arena !== this.arena) this.#outside.add(buffer);
  }

  /** Notes a command of the work. */
  add(command: Command): void {
    this.commands.push(command);
    if (command.kind !== 'dispatch') return;
    for (const { to } of command.texels) {
      if (this.#textures.has(to)) continue;
      this.#textures.add(to);
      to.holders++;
    }
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

  /** Frees the uploads, and lets go of the textures; the arena belongs to whoever made it. */
  release(): void {
    for (const buffer of this.#uploads) buffer.destroy();
    for (const texture of this.#textures) texture.holders--;
    this.#textures.clear();
    this.commands.length = 0;
    this.#released = true;
  }
}
