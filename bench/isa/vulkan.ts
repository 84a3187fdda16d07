/**
 * What AMD's Vulkan driver of Mesa makes of SPIR-V for a GPU that is not there (`RADV_FORCE_FAMILY`): the compiler's statistics and
 * the machine code, through Deno's FFI. The structures are those of vulkan_core.h on a 64-bit machine.
 */
import { existsSync } from 'node:fs';
import process from 'node:process';

/** What the driver's compiler says of one kernel. */
export interface Compiled {
  /** By the driver's names: `VGPRs`, `Spilled VGPRs`, `LDS size`, `Subgroups per SIMD` and so on. */
  readonly statistics: Readonly<Record<string, number>>;
  /** Lanes of a wave. */
  readonly subgroup: number;
  /** Machine code as text, with its basic blocks. */
  readonly assembly: string;
}

/** What is used of Deno's foreign functions. */
interface Ffi {
  dlopen<S extends object>(
    path: string,
    symbols: S,
  ): { readonly symbols: Record<keyof S, (...args: unknown[]) => unknown> };
  readonly UnsafePointer: { of(bytes: Uint8Array): unknown; value(pointer: unknown): bigint };
  readonly UnsafeFnPointer: new (
    address: unknown,
    signature: { parameters: readonly string[]; result: string },
  ) => { call(...args: unknown[]): unknown };
}

const ffi = (globalThis as unknown as { Deno: Ffi }).Deno;

/** Debian's place for the driver. */
export const DRIVER = '/usr/share/vulkan/icd.d/radeon_icd.x86_64.json';

const EXECUTABLE = 1000269000;
const DEVICE_EXTENSION = 'VK_KHR_pipeline_executable_properties';
const VULKAN_1_3 = (1 << 22) | (3 << 12);
const CAPTURE = 0x40 | 0x80;
const BINDINGS = 16;

/** A C structure; numbers are written as u32, big ones as u64, buffers as their addresses. */
class Struct {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  /** What it points to, so that it lives as long. */
  readonly #held: unknown[] = [];

  constructor(size: number, type?: number) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
    if (type !== undefined) this.set(0, type);
  }

  set(at: number, value: number | bigint | Uint8Array<ArrayBuffer> | Struct): this {
    if (typeof value === 'number') this.#view.setUint32(at, value, true);
    else if (typeof value === 'bigint') this.#view.setBigUint64(at, value, true);
    else {
      this.#held.push(value);
      const bytes = value instanceof Struct ? value.bytes : value;
      this.#view.setBigUint64(at, BigInt(ffi.UnsafePointer.value(ffi.UnsafePointer.of(bytes))), true);
    }
    return this;
  }

  u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  u64(at: number): bigint {
    return this.#view.getBigUint64(at, true);
  }

  text(at: number): string {
    const end = this.bytes.indexOf(0, at);
    return new TextDecoder().decode(this.bytes.subarray(at, end));
  }
}

const cString = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(`${text}\0`);

const EXPORTED = {
  vkCreateInstance: { parameters: ['buffer', 'pointer', 'buffer'], result: 'i32' },
  vkEnumeratePhysicalDevices: { parameters: ['u64', 'buffer', 'buffer'], result: 'i32' },
  vkGetPhysicalDeviceProperties: { parameters: ['u64', 'buffer'], result: 'void' },
  vkCreateDevice: { parameters: ['u64', 'buffer', 'pointer', 'buffer'], result: 'i32' },
  vkGetDeviceProcAddr: { parameters: ['u64', 'buffer'], result: 'pointer' },
  vkCreateDescriptorSetLayout: { parameters: ['u64', 'buffer', 'pointer', 'buffer'], result: 'i32' },
  vkCreatePipelineLayout: { parameters: ['u64', 'buffer', 'pointer', 'buffer'], result: 'i32' },
  vkCreateShaderModule: { parameters: ['u64', 'buffer', 'pointer', 'buffer'], result: 'i32' },
  vkDestroyShaderModule: { parameters: ['u64', 'u64', 'pointer'], result: 'void' },
  vkCreateComputePipelines: { parameters: ['u64', 'u64', 'u32', 'buffer', 'pointer', 'buffer'], result: 'i32' },
  vkDestroyPipeline: { parameters: ['u64', 'u64', 'pointer'], result: 'void' },
} as const;

/** Endings of the extension's three calls. */
type Query = 'Properties' | 'Statistics' | 'InternalRepresentations';

/** A GPU that exists in the compiler alone. */
export class AbsentGpu {
  readonly #vk: Record<keyof typeof EXPORTED, (...args: unknown[]) => unknown>;
  readonly #device: bigint;
  readonly #layout: bigint;
  readonly #query: Record<Query, (...args: unknown[]) => unknown>;

  /**
   * @param family as RADV names it: `navi21`, `gfx1100`, `vega10`
   * @throws Error that says what to install
   */
  constructor(family: string) {
    this.#vk = ffi.dlopen('libvulkan.so.1', EXPORTED).symbols;
    const physical = inEnvironment(
      { VK_ICD_FILENAMES: DRIVER, RADV_FORCE_FAMILY: family, XDG_RUNTIME_DIR: '/tmp' },
      () => this.#physical(this.#instance(), family),
    );
    this.#device = this.#open(physical);
    this.#layout = this.#pipelineLayout();
    const entry = (name: string, parameters: string[]) => {
      const address = this.#vk.vkGetDeviceProcAddr(this.#device, cString(`vkGetPipelineExecutable${name}KHR`));
      const call = new ffi.UnsafeFnPointer(address, { parameters, result: 'i32' });
      return (...args: unknown[]) => call.call(...args);
    };
    this.#query = {
      Properties: entry('Properties', ['u64', 'buffer', 'buffer', 'buffer']),
      Statistics: entry('Statistics', ['u64', 'buffer', 'buffer', 'buffer']),
      InternalRepresentations: entry('InternalRepresentations', ['u64', 'buffer', 'buffer', 'buffer']),
    };
  }

  /** Compiles a module; bindings are taken as 0 uniform, 1 to 15 storage. */
  compile(spirv: Uint8Array<ArrayBuffer>, entry: string): Compiled {
    const module = this.#made('vkCreateShaderModule', new Struct(40, 16).set(24, BigInt(spirv.length)).set(32, spirv));
    const info = new Struct(96, 29).set(16, CAPTURE).set(24, 18).set(44, 0x20).set(48, module).set(72, this.#layout);
    info.set(56, cString(entry));
    const out = new Struct(8);
    this.#check('vkCreateComputePipelines', this.#device, 0n, 1, info.bytes, null, out.bytes);
    const pipeline = out.u64(0);
    const [properties] = this.#list('Properties', new Struct(24, EXECUTABLE + 1).set(16, pipeline), 536, 2);
    const executable = new Struct(32, EXECUTABLE + 3).set(16, pipeline);
    const statistics = this.#list('Statistics', executable, 544, 4).map(
      (one) => [one.text(16), numberOf(one)] as const,
    );
    const assembly = this.#text(executable, 'Assembly');
    this.#vk.vkDestroyPipeline(this.#device, pipeline, null);
    this.#vk.vkDestroyShaderModule(this.#device, module, null);
    return { statistics: Object.fromEntries(statistics), subgroup: properties.u32(532), assembly };
  }

  #instance(): bigint {
    const app = new Struct(48, 0).set(44, VULKAN_1_3);
    const out = new Struct(8);
    this.#check('vkCreateInstance', new Struct(64, 1).set(24, app).bytes, null, out.bytes);
    return out.u64(0);
  }

  #physical(instance: bigint, family: string): bigint {
    const count = new Struct(4).set(0, 1);
    const out = new Struct(8);
    this.#vk.vkEnumeratePhysicalDevices(instance, count.bytes, out.bytes);
    if (count.u32(0) === 0) throw new Error(`Mesa's AMD driver knows no GPU "${family}".`);
    const properties = new Struct(1024);
    this.#vk.vkGetPhysicalDeviceProperties(out.u64(0), properties.bytes);
    if (!/RADV|AMD/i.test(properties.text(20))) throw new Error(`${DRIVER} gave ${properties.text(20)}`);
    return out.u64(0);
  }

  #open(physical: bigint): bigint {
    const queue = new Struct(40, 2).set(24, 1).set(32, new Uint8Array(new Float32Array([1]).buffer));
    const executable = new Struct(24, EXECUTABLE).set(16, 1);
    // storageBuffer16BitAccess; shaderFloat16 and vulkanMemoryModel.
    const v12 = new Struct(208, 51)
      .set(8, executable)
      .set(16 + 4 * 7, 1)
      .set(16 + 4 * 41, 1);
    const v11 = new Struct(64, 49).set(8, v12).set(16, 1);
    const names = new Struct(8).set(0, cString(DEVICE_EXTENSION));
    const info = new Struct(72, 3).set(8, v11).set(20, 1).set(24, queue).set(48, 1).set(56, names);
    const out = new Struct(8);
    this.#check('vkCreateDevice', physical, info.bytes, null, out.bytes);
    return out.u64(0);
  }

  #pipelineLayout(): bigint {
    const bindings = new Struct(24 * BINDINGS);
    for (let i = 0; i < BINDINGS; i++) {
      bindings
        .set(24 * i, i)
        .set(24 * i + 4, i ? 7 : 6)
        .set(24 * i + 8, 1)
        .set(24 * i + 12, 0x20);
    }
    const set = this.#made('vkCreateDescriptorSetLayout', new Struct(32, 32).set(20, BINDINGS).set(24, bindings));
    return this.#made('vkCreatePipelineLayout', new Struct(48, 30).set(20, 1).set(24, new Struct(8).set(0, set)));
  }

  #made(call: 'vkCreateShaderModule' | 'vkCreateDescriptorSetLayout' | 'vkCreatePipelineLayout', info: Struct): bigint {
    const out = new Struct(8);
    this.#check(call, this.#device, info.bytes, null, out.bytes);
    return out.u64(0);
  }

  /** All answers of one query, which is asked for their number first. */
  #list(what: Query, about: Struct, size: number, type: number): Struct[] {
    const count = new Struct(4);
    this.#query[what](this.#device, about.bytes, count.bytes, null);
    const all = new Struct(size * count.u32(0));
    for (let i = 0; i < count.u32(0); i++) all.set(size * i, EXECUTABLE + type);
    this.#query[what](this.#device, about.bytes, count.bytes, all.bytes);
    return Array.from({ length: count.u32(0) }, (_, i) => {
      const one = new Struct(size);
      one.bytes.set(all.bytes.subarray(size * i, size * (i + 1)));
      return one;
    });
  }

  #text(executable: Struct, name: string): string {
    const [size, call] = [552, this.#query.InternalRepresentations];
    const sizes = this.#list('InternalRepresentations', executable, size, 5);
    const all = new Struct(size * sizes.length);
    const texts = sizes.map((one) => new Uint8Array(Number(one.u64(536))));
    texts.forEach((text, i) => {
      all
        .set(size * i, EXECUTABLE + 5)
        .set(size * i + 536, BigInt(text.length))
        .set(size * i + 544, text);
    });
    call(this.#device, executable.bytes, new Struct(4).set(0, sizes.length).bytes, all.bytes);
    const at = sizes.findIndex((one) => one.text(16) === name);
    return at < 0 ? '' : new TextDecoder().decode(texts[at]).replace(/\0+$/, '');
  }

  #check(name: keyof typeof EXPORTED, ...args: unknown[]): void {
    const result = this.#vk[name](...args);
    if (result !== 0) throw new Error(`${name} answered ${result}`);
  }
}

/** Variables that count while `body` runs: the loader and the driver read them when an instance is made. */
function inEnvironment<T>(variables: Readonly<Record<string, string>>, body: () => T): T {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    return body();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

function numberOf(statistic: Struct): number {
  const format = statistic.u32(528);
  const view = new DataView(statistic.bytes.buffer, 536, 8);
  return format === 3
    ? view.getFloat64(0, true)
    : format === 0
      ? view.getUint32(0, true)
      : Number(view.getBigInt64(0, true));
}

/** What has to be installed for {@link AbsentGpu}, or null. */
export function missingDriver(): string | null {
  return existsSync(DRIVER)
    ? null
    : "Mesa's AMD driver is missing; install Debian's mesa-vulkan-drivers and libvulkan1.";
}
