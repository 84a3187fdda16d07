/**
 * A device on the host, for tests of memory, order and errors: it has one kernel, which adds, and carries out commands at the
 * submit. A buffer of more than {@link MOST_BYTES} is too much for it.
 */

import type { Shader } from '../../src/gpu/shader.ts';

interface FakeBuffer {
  readonly size: number;
  readonly words: Uint32Array<ArrayBuffer>;
  destroy(): void;
}

/** The fake device's kernel: y[0] = 31 x[0] + n. */
export const FAKE_KERNEL: Shader<'x' | 'y', 'n', never> = {
  name: 'multiply_add',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'y', access: 'read_write' },
  ],
  params: [{ name: 'n', type: 'u32', offset: 0 }],
  paramBytes: 16,
  constants: {} as Record<never, number>,
  source: '',
};

/** The limits allow more, as those of a device do whose memory is full. */
export const MOST_BYTES = 2 ** 19;

type Act = () => void;

/** Error scopes as WebGPU has them: an error goes to the innermost one of its kind, or else to the event. */
class FakeScopes {
  readonly #open: { readonly filter: string; error: { message: string } | null }[] = [];
  onuncapturederror: (event: { error: { message: string } }) => void = () => {};

  push(filter: string): void {
    this.#open.push({ filter, error: null });
  }

  async pop(): Promise<{ message: string } | null> {
    const last = this.#open.pop();
    if (!last) throw new Error('no scope is open');
    return last.error;
  }

  report(filter: string, message: string): void {
    const scope = this.#open.findLast((one) => one.filter === filter);
    if (!scope) this.onuncapturederror({ error: { message } });
    else scope.error ??= { message };
  }
}

/** Parameters { n } are the first word of the uniform buffer; y[0] = 31 x[0] + n, modulo 2³². */
function multiplyAdd([params, x, y]: readonly { buffer: FakeBuffer; offset: number }[]): void {
  const n = params.buffer.words[params.offset / 4];
  y.buffer.words[y.offset / 4] = Math.imul(31, x.buffer.words[x.offset / 4]) + n;
}

function fakeBuffer({ size }: { size: number }): FakeBuffer & Record<string, unknown> {
  const words = new Uint32Array(size / 4);
  return {
    size,
    words,
    destroy: () => {
      words.fill(0xdead);
    },
    unmap: () => {},
    mapAsync: async () => {},
    getMappedRange: () => words.buffer,
  };
}

function fakeEncoder() {
  const acts: Act[] = [];
  return {
    beginComputePass() {
      let bound: readonly { buffer: FakeBuffer; offset: number }[] = [];
      return {
        setPipeline: () => {},
        setBindGroup: (_: number, group: typeof bound) => {
          bound = group;
        },
        dispatchWorkgroups: () => {
          const now = bound;
          acts.push(() => multiplyAdd(now));
        },
        end: () => {},
      };
    },
    clearBuffer: (to: FakeBuffer, offset: number, bytes: number) =>
      acts.push(() => to.words.fill(0, offset / 4, (offset + bytes) / 4)),
    copyBufferToBuffer: (from: FakeBuffer, fromOffset: number, to: FakeBuffer, toOffset: number, bytes: number) =>
      acts.push(() => to.words.set(from.words.subarray(fromOffset / 4, (fromOffset + bytes) / 4), toOffset / 4)),
    finish: () => acts,
  };
}

function fakeDevice(limits: Record<string, number>): object {
  const scopes = new FakeScopes();
  return {
    set onuncapturederror(listener: FakeScopes['onuncapturederror']) {
      scopes.onuncapturederror = listener;
    },
    limits,
    features: new Set(),
    lost: new Promise(() => {}),
    createBuffer: (descriptor: { size: number }) => {
      if (descriptor.size > MOST_BYTES) scopes.report('out-of-memory', `no room for ${descriptor.size} bytes`);
      return fakeBuffer(descriptor);
    },
    createBindGroupLayout: () => ({}),
    createShaderModule: () => ({}),
    createPipelineLayout: () => ({}),
    createComputePipeline: () => ({}),
    createBindGroup: ({ entries }: { entries: { resource: { buffer: FakeBuffer; offset: number } }[] }) =>
      entries.map(({ resource }) => resource),
    createCommandEncoder: fakeEncoder,
    pushErrorScope: (filter: string) => scopes.push(filter),
    popErrorScope: () => scopes.pop(),
    report: (message: string) => scopes.report('internal', message),
    destroy: () => {},
    queue: {
      submit: (all: Act[][]) => {
        for (const acts of all) for (const act of acts) act();
      },
      writeBuffer: (to: FakeBuffer, offset: number, data: ArrayBuffer | ArrayBufferView, from = 0, bytes?: number) => {
        const view = data instanceof ArrayBuffer ? new Uint8Array(data, from, bytes) : viewBytes(data);
        new Uint8Array(to.words.buffer).set(view, offset);
      },
      onSubmittedWorkDone: async () => {},
    },
  };
}

function viewBytes(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** In place of `navigator.gpu`. */
export function fakeEntry(): GPU {
  const limits = {
    maxBufferSize: 2 ** 20,
    maxStorageBufferBindingSize: 2 ** 20,
    maxComputeWorkgroupsPerDimension: 65535,
  };
  const adapter = { limits, features: new Set(), info: {}, requestDevice: async () => fakeDevice(limits) };
  return { requestAdapter: async () => adapter } as unknown as GPU;
}

/** The first word of a part of a buffer as the commands submitted so far have left it. */
export function firstWord({ buffer, offset }: { buffer: { raw: GPUBuffer }; offset: number }): number {
  return (buffer.raw as unknown as FakeBuffer).words[offset / 4];
}
