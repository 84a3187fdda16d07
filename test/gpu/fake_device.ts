/** A device on the host, for tests of memory and order: it has one kernel, which adds, and carries out commands at the submit. */

interface FakeBuffer {
  readonly size: number;
  readonly words: Uint32Array<ArrayBuffer>;
  destroy(): void;
}

type Act = () => void;

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
  return {
    limits,
    features: new Set(),
    lost: new Promise(() => {}),
    createBuffer: fakeBuffer,
    createBindGroupLayout: () => ({}),
    createShaderModule: () => ({}),
    createPipelineLayout: () => ({}),
    createComputePipeline: () => ({}),
    createBindGroup: ({ entries }: { entries: { resource: { buffer: FakeBuffer; offset: number } }[] }) =>
      entries.map(({ resource }) => resource),
    createCommandEncoder: fakeEncoder,
    pushErrorScope: () => {},
    popErrorScope: async () => null,
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
