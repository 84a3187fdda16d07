/**
 * `--out FILE [--reduced]`: products, forward passes and a training step on this adapter, each with weights in f32 and in f16, and
 * what each kernel of a pass and of a step takes. A part of bench/device/main.ts, which finds the driver.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { GeneratedClipModel, presetConfig, VisionTower } from '../../src/clip/index.ts';
import type { AdapterFacts } from '../../src/gpu/adapter.ts';
import { type DeviceGpu, Gpu } from '../../src/gpu/gpu.ts';
import type { KernelTime } from '../../src/gpu/profiler.ts';
import { createNodeHost } from '../../src/host/node.ts';
import { matmul } from '../../src/kernels/matmul.ts';
import { CeilingProbes, type Ceilings } from '../../src/lab/ceilings.ts';
import { measure } from '../../src/lab/measure.ts';
import { Tensor } from '../../src/nn/index.ts';
import { filled, filledHalf } from '../inputs.ts';
import { machine, store } from '../machine.ts';
import { trainingOf } from '../models/training.ts';

/** A product, a forward pass or a step. */
export interface WholeTime {
  readonly name: string;
  readonly storage: 'f32' | 'f16';
  readonly ms: number;
  /** As the wrappers declare them. */
  readonly flops: number;
}

/** What whole.ts writes. */
export interface WholeReport {
  readonly machine: string;
  readonly adapter: AdapterFacts;
  /** Whether times are those of kernels or by the wall. */
  readonly clock: 'timestamps' | 'wall';
  /** What registers and copies do by themselves. */
  readonly ceilings: Ceilings;
  readonly reduced: boolean;
  readonly times: readonly WholeTime[];
  /** Kernels of one forward pass and of one step, weights in f16; empty without timestamps. */
  readonly profiles: { readonly forward: readonly KernelTime[]; readonly step: readonly KernelTime[] };
}

const { values } = parseArgs({ options: { out: { type: 'string' }, reduced: { type: 'boolean', default: false } } });
if (!values.out) throw new Error('bench/device/whole.ts --out FILE [--reduced]');
const { reduced } = values;
/** Products of ViT-L/14 on one and on eight images, and a large one. */
const PRODUCTS = reduced
  ? [[70, 64, 96]]
  : [
      [290, 1024, 1024],
      [2320, 1024, 4096],
      [2320, 4096, 1024],
      [4096, 4096, 4096],
    ];
const [MODEL, SIZE, IMAGES, BATCH] = reduced ? (['T', 56, 2, 2] as const) : (['ViT-L-14', 240, 8, 16] as const);
/** Milliseconds for the samples of a case. */
const CASE_MS = 2000;

const gpu = await Gpu.create(await createNodeHost().gpu(), { profile: true });
const times: WholeTime[] = [];
const profiles: { forward: readonly KernelTime[]; step: readonly KernelTime[] } = { forward: [], step: [] };

/** Times some work and adds it to the list. */
async function timed(name: string, storage: WholeTime['storage'], work: () => unknown): Promise<void> {
  const before = gpu.flops;
  {
    using _scope = gpu.scope();
    await work();
  }
  await gpu.idle();
  const flops = gpu.flops - before;
  const [{ min }] = await measure(gpu, [work], CASE_MS);
  times.push({ name, storage, ms: min, flops });
  console.log(`${name} ${storage}: ${min.toFixed(2)} ms, ${(flops / min / 1e9).toPrecision(3)} TFLOP/s`);
}

/** Kernels of some work that is warm. */
async function profileOf(device: DeviceGpu, work: () => unknown): Promise<readonly KernelTime[]> {
  const { profiler } = device;
  if (!profiler) return [];
  await device.idle();
  await profiler.report();
  profiler.reset();
  {
    using _scope = device.scope();
    await work();
  }
  await device.idle();
  return await profiler.report();
}

const probes = new CeilingProbes(gpu);
const ceilings = probes.ceilings(await measure(gpu, probes.works, CASE_MS));
console.log(`registers ${(ceilings.gflops / 1e3).toPrecision(3)} TFLOP/s, copies ${ceilings.gbps.toPrecision(3)} GB/s`);
for (const [m, k, n] of PRODUCTS) {
  using job = gpu.job();
  const [a, full, half] = job.do(() => [filled(gpu, m, k), filled(gpu, n, k), filledHalf(gpu, 'f16', n, k)]);
  for (const [storage, b] of [
    ['f32', full],
    ['f16', half],
  ] as const) {
    await timed(`product ${m}×${k}×${n}`, storage, () => void matmul(a, b, { transposeB: true }));
  }
}
const config = presetConfig(MODEL);
for (const storage of ['f32', 'f16'] as const) {
  const weights = new GeneratedClipModel(config, 1);
  const tower = await VisionTower.load(gpu, weights, { size: SIZE, storage });
  using job = gpu.job();
  const images = job.do(() => new Tensor(filled(gpu, IMAGES, 3, SIZE, SIZE)));
  const work = () => void tower.encode(images, { embedding: true });
  await timed(`forward of ${MODEL}, ${SIZE} px × ${IMAGES}`, storage, work);
  profiles.forward = await profileOf(gpu, work);
  tower.release();
}
for (const storage of ['f32', 'f16'] as const) {
  const { trainers, release } = await trainingOf(gpu, {
    name: MODEL,
    config,
    size: SIZE,
    batch: BATCH,
    storage,
    eager: [false],
  });
  const work = () => trainers[0].runEpoch();
  await timed(`training step of ${MODEL}, ${SIZE} px × ${BATCH}`, storage, work);
  profiles.step = await profileOf(gpu, work);
  release();
}
const report: WholeReport = {
  ...{ machine: machine(), adapter: gpu.facts, clock: gpu.profiler ? 'timestamps' : 'wall', ceilings, reduced },
  ...{ times, profiles },
};
store(values.out, report);
await gpu.destroy();
process.exit(0);
