/**
 * `npm run traffic [-- --below] [WORD …]`: how well the kernels of a GPU use what they fetch, without one. The first workgroup of each kernel
 * that a plan chooses on a GPU runs, with the parameters of its last shape (that of ViT-L/14 and its training where these have it),
 * on a software adapter, with every access written down (`instrument.ts`): of loads and stores of buffers, bytes used over bytes of the 128-byte lines that 32 neighbours touch; of
 * workgroup memory, cycles without bank conflicts over cycles with them. A word is a regular expression on the names of kernels.
 * "later" is what the workgroup uses of those lines by its end, and "least" says whether no access could do with fewer lines.
 * `--below` prints accesses to buffers alone of which none of the three is good: what is fetched in vain.
 */
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { textColumns } from '../../src/base/columns.ts';
import { requestAdapter, requestDevice } from '../../src/gpu/adapter.ts';
import { IdleGpu } from '../../src/gpu/counting.ts';
import type { Dispatch } from '../../src/gpu/interface.ts';
import type { GpuBuffer } from '../../src/gpu/memory.ts';
import type { BufferView } from '../../src/gpu/programs.ts';
import { packParams, type Shader, specialize } from '../../src/gpu/shader.ts';
import { findDriver } from '../../src/launch/drivers.ts';
import { instrumented, type Traffic, trafficOf } from './instrument.ts';
import { dispatchAll, kernelOf } from './kernels.ts';
import { dispatchModels } from './work.ts';

const CHILD = '--child';
/** Accesses that are written down of one invocation. */
const MOST = 1024;
/** Of a workgroup, at most. */
const INVOCATIONS = 256;
/** What a software adapter binds. */
const LARGEST = 128 * 2 ** 20;
/** Larger things that the host writes are weights, whose values no address depends on. */
const SMALL = 2 ** 20;

if (!process.argv.includes(CHILD)) {
  // A driver is chosen by the environment that a process starts with.
  const flags = ['run', '-A', '--no-lock', '--no-check', '--quiet', fileURLToPath(import.meta.url), CHILD];
  const env = { ...process.env, ...findDriver('deno', 'lavapipe').env };
  process.exit(
    spawnSync(process.execPath, [...flags, ...process.argv.slice(2)], { stdio: 'inherit', env }).status ?? 1,
  );
}
const BELOW = '--below';
const below = process.argv.includes(BELOW);
const words = process.argv.slice(2).filter((word) => word !== CHILD && word !== BELOW);
/** Part of a line. */
const ENOUGH = 0.9;

/** A dispatch to run again. */
interface Kept {
  readonly shader: Shader;
  readonly constants: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, number>>;
  /** Bytes, and what the host wrote, by binding. */
  readonly buffers: readonly { readonly bytes: number; readonly data: ArrayBuffer | undefined }[];
}

/** Keeps the last dispatch of each kernel, and small things that the host writes: indices. */
class KeepingGpu extends IdleGpu {
  readonly kernels = new Map<string, Kept>();
  readonly #written = new WeakMap<GpuBuffer, ArrayBuffer>();

  override write(view: BufferView, data: ArrayBufferView<ArrayBuffer>): void {
    super.write(view, data);
    if (view.offset > 0 || view.bytes > SMALL) return;
    this.#written.set(view.buffer, data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
  }

  override run<B extends string, P extends string, C extends string>(call: Dispatch<B, P, C>): void {
    super.run(call);
    const { shader, groups, params, buffers } = call;
    const { name, constants } = kernelOf(shader, call.constants as Record<string, number> | undefined);
    if (groups.some((n) => n === 0)) return;
    const views = shader.bindings.map((binding) => buffers[binding.name]);
    const kept = views.map(({ buffer, bytes }) => ({ bytes, data: this.#written.get(buffer) }));
    this.kernels.set(name, { ...{ shader, constants, params }, buffers: kept });
  }
}

/** Runs the first workgroup of a dispatch and reads its log. */
async function trafficIn(device: GPUDevice, { shader, constants, params, buffers }: Kept): Promise<Traffic[]> {
  const { source: code, sites } = instrumented(specialize(shader.source, constants), MOST);
  const block = packParams(shader, params);
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  const storage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const made: GPUBuffer[] = [];
  const make = (size: number, usage: number, data?: ArrayBuffer | null): GPUBuffer => {
    const buffer = device.createBuffer({ size: Math.ceil(size / 16) * 16, usage });
    if (data) device.queue.writeBuffer(buffer, 0, data);
    made.push(buffer);
    return buffer;
  };
  const bytes = INVOCATIONS * MOST * 8;
  const log = make(bytes, storage);
  const all = [
    make(block.byteLength, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST, block),
    ...buffers.map((one) => make(Math.min(one.bytes, LARGEST), storage, one.data)),
    log,
  ];
  const entries = all.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const read = make(bytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(log, 0, read, 0, bytes);
  device.queue.submit([encoder.finish()]);
  await read.mapAsync(GPUMapMode.READ);
  const out = trafficOf(new Uint32Array(read.getMappedRange()), sites, INVOCATIONS, MOST);
  for (const buffer of made) buffer.destroy();
  return out;
}

const gpu = new KeepingGpu('hardware');
dispatchAll(gpu);
// Where a model has a kernel, the model's shape is the last.
await dispatchModels(gpu);
const device = await requestDevice(await requestAdapter(navigator.gpu));
console.log(line('kernel', 'memory', 'access', 'bits', 'times', 'used', 'later', 'least', 'where'));
for (const [name, dispatch] of gpu.kernels) {
  if (!words.every((word) => new RegExp(word).test(name))) continue;
  try {
    for (const one of await trafficIn(device, dispatch)) {
      const { text, kind, space, bytes, accesses, efficiency, least, later } = one;
      if (below && (space === 'workgroup' || least || Math.max(efficiency, later) >= ENOUGH)) continue;
      const numbers = [8 * bytes, accesses].map(String);
      const parts = [efficiency, later].map((part) => `${(100 * part).toFixed(0)} %`);
      console.log(line(name, space, kind, ...numbers, ...parts, least ? 'yes' : 'no', text));
    }
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.message : error}`);
  }
}
process.exit(0);

function line(...cells: string[]): string {
  return textColumns([cells], 'lllrrrrrl', [34, 9, 6, 4, 5, 5, 5, 5, 1]);
}
