import type { Faults } from './faults.ts';
import type { GpuBuffer } from './memory.ts';
import { packParams, type Shader, specialize } from './shader.ts';
import { TEXEL_FORMAT, type TexelCopy } from './texels.ts';
import type { Work } from './work.ts';

/** A compiled pipeline with the layout of its one bind group. */
export interface Program {
  readonly id: number;
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** A part of a buffer as a kernel sees it; offset and length in bytes. */
export interface BufferView {
  readonly buffer: GpuBuffer;
  readonly offset: number;
  readonly bytes: number;
}

type Constants = Readonly<Record<string, number>>;

/** A shader with constants that were changed. */
export interface Wanted {
  readonly shader: Shader;
  readonly constants: Constants;
}

function keyOf({ name }: Shader, constants: Constants): string {
  let key = name;
  for (const constant in constants) key += `,${constant}=${constants[constant]}`;
  return key;
}

const PARAM_SLOT = 256;
const PARAM_PAGE = 64 * 1024;
const MAX_BIND_GROUPS = 16384;

/**
 * Pipelines by shader and constants, parameter blocks by content, bind groups by what they bind.
 * Parameter blocks are never overwritten: equal contents share a slot, so a slot may be bound by any recorded command.
 */
export class ProgramCache {
  readonly #device: GPUDevice;
  readonly #programs = new Map<string, Program>();
  readonly #bindGroups = new Map<string, GPUBindGroup>();
  readonly #params = new Map<string, { page: GPUBuffer; offset: number; id: number }>();
  readonly #faults: Faults;
  #page: GPUBuffer | null = null;
  #pageUsed = 0;

  constructor(device: GPUDevice, faults: Faults) {
    this.#device = device;
    this.#faults = faults;
  }

  /** Number of compiled pipelines. */
  get size(): number {
    return this.#programs.size;
  }

  /** The pipeline of `shader` with some constants changed; compiled on first use, for `work`, which is told when it fails. */
  program(shader: Shader, constants: Constants, work: Work): Program {
    const key = keyOf(shader, constants);
    const known = this.#programs.get(key);
    if (known) return known;
    const made = this.#caught(work, key, () => {
      const { layout, descriptor } = this.#describe(shader, constants, key);
      return { layout, pipeline: this.#device.createComputePipeline(descriptor) };
    });
    return this.#add(key, made);
  }

  /** Compiles what {@link program} is going to be asked for, beside other work; a failure is left to it. */
  async prepare(shader: Shader, constants: Constants): Promise<void> {
    const key = keyOf(shader, constants);
    if (this.#programs.has(key)) return;
    const { layout, compiling } = this.#faults.unheard(() => {
      const { layout, descriptor } = this.#describe(shader, constants, key);
      return { layout, compiling: this.#device.createComputePipelineAsync(descriptor) };
    });
    const pipeline = await this.#faults.unlessLost(compiling).catch(() => null);
    if (pipeline && !this.#programs.has(key)) this.#add(key, { layout, pipeline });
  }

  #add(label: string, made: Pick<Program, 'layout' | 'pipeline'>): Program {
    const program = { id: this.#programs.size, label, ...made };
    this.#programs.set(label, program);
    return program;
  }

  #caught<T>(work: Work, key: string, body: () => T): T {
    const text = `The kernel ${key} does not compile here`;
    return this.#faults.caught('internal', work, text, () => this.#faults.caught('validation', work, text, body));
  }

  #describe(shader: Shader, constants: Constants, label: string) {
    const layout = this.#device.createBindGroupLayout({
      label,
      entries: [
        { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'uniform' } },
        ...shader.bindings.map(({ access }, i) => ({
          binding: i + 1,
          visibility: GPUShaderStage.COMPUTE,
          ...(access === 'texels'
            ? { storageTexture: { access: 'read-only' as const, format: TEXEL_FORMAT } }
            : { buffer: { type: access === 'read' ? ('read-only-storage' as const) : ('storage' as const) } }),
        })),
      ],
    });
    const module = this.#device.createShaderModule({ label, code: specialize(shader.source, constants) });
    const descriptor: GPUComputePipelineDescriptor = {
      label,
      layout: this.#device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main' },
    };
    return { layout, descriptor };
  }

  /** The bind group of one dispatch, whose views are of living memory. @throws Error when one is missing, or bound twice and written */
  bindGroup(
    program: Program,
    shader: Shader,
    views: Readonly<Record<string, BufferView>>,
    params: Readonly<Record<string, number>>,
    texels: readonly TexelCopy[] = [],
  ): GPUBindGroup {
    const slot = this.#paramSlot(packParams(shader, params));
    const textures = new Map(texels.map(({ binding, to }) => [binding, to]));
    let key = `${program.id}:${slot.id}`;
    for (const { name, access } of shader.bindings) {
      const view = views[name];
      if (!view) throw new Error(`${shader.name}: binding "${name}" is missing`);
      const texture = textures.get(name);
      if ((texture !== undefined) !== (access === 'texels'))
        throw new Error(`${shader.name}: "${name}" as texels or not`);
      key += texture ? `|t${texture.id}` : `|${view.buffer.slot.id},${view.offset},${view.bytes}`;
    }
    const known = this.#bindGroups.get(key);
    if (known) return known;
    checkViews(shader, views);
    if (this.#bindGroups.size >= MAX_BIND_GROUPS) this.#bindGroups.clear();
    const group = this.#device.createBindGroup({
      label: program.label,
      layout: program.layout,
      entries: [
        { binding: 0, resource: { buffer: slot.page, offset: slot.offset, size: shader.paramBytes } },
        ...shader.bindings.map(({ name }, i) => {
          const texture = textures.get(name);
          if (texture) return { binding: i + 1, resource: texture.view };
          const { buffer, offset, bytes } = views[name];
          return { binding: i + 1, resource: { buffer: buffer.raw, offset, size: bytes } };
        }),
      ],
    });
    this.#bindGroups.set(key, group);
    return group;
  }

  /** Forgets all bind groups, so that buffers they hold can be freed. */
  forgetBindGroups(): void {
    this.#bindGroups.clear();
  }

  #paramSlot(block: ArrayBuffer): { page: GPUBuffer; offset: number; id: number } {
    const words = new Uint32Array(block);
    const key = words.join();
    let slot = this.#params.get(key);
    if (!slot) {
      if (!this.#page || this.#pageUsed === PARAM_PAGE) {
        this.#page = this.#device.createBuffer({
          label: 'parameters',
          size: PARAM_PAGE,
          usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
        });
        this.#pageUsed = 0;
      }
      slot = { page: this.#page, offset: this.#pageUsed, id: this.#params.size };
      this.#device.queue.writeBuffer(slot.page, slot.offset, words);
      this.#pageUsed += PARAM_SLOT;
      this.#params.set(key, slot);
    }
    return slot;
  }
}

/** WebGPU forbids a buffer that is read and written in one dispatch; say which binding it was. */
function checkViews(shader: Shader, views: Readonly<Record<string, BufferView>>): void {
  for (const { name, access } of shader.bindings) {
    const view = views[name];
    if (view.offset % 256 !== 0)
      throw new Error(`${shader.name}: "${name}" starts at byte ${view.offset}, not a multiple of 256`);
    if (access !== 'read_write') continue;
    for (const other of shader.bindings) {
      if (other.name !== name && views[other.name].buffer === view.buffer) {
        throw new Error(`${shader.name}: "${name}" is written and also bound as "${other.name}"`);
      }
    }
  }
}
