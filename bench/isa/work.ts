/** What whole models dispatch on a GPU, written down on a stand-in of class hardware. */

import { constantsOf, evaluate } from '../../scripts/shader_recorder.ts';
import { presetConfig, VisionTower } from '../../src/clip/index.ts';
import { zeroModel } from '../../src/clip/zero_model.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import { IdleGpu } from '../../src/gpu/counting.ts';
import type { Dispatch } from '../../src/gpu/interface.ts';
import type { BufferView } from '../../src/gpu/programs.ts';
import { type Shader, specialize } from '../../src/gpu/shader.ts';
import { Tensor } from '../../src/nn/index.ts';
import { trainingParts } from '../operations.ts';
import { instrumented } from './instrument.ts';
import { kernelOf } from './kernels.ts';

/** One dispatch. */
export interface Work {
  /** As `npm run isa` names it. */
  readonly kernel: string;
  readonly shader: string;
  /** Multiplications and additions that any implementation does. */
  readonly flops: number;
  /** The same with what is computed beyond the edges of tiles. */
  readonly done: number;
  /** Of all buffers, once; of those that are read and written, twice. */
  readonly bytes: number;
  readonly workgroups: number;
  /** Loads of one invocation that wait for one another. */
  readonly rounds: number;
}

class WritingGpu extends IdleGpu {
  readonly work: Work[] = [];

  override run<B extends string, P extends string, C extends string>(call: Dispatch<B, P, C>): void {
    super.run(call);
    const { shader, params, groups, flops = 0, buffers } = call;
    const [x, y = 1, z = 1] = groups;
    if (x * y * z === 0) return;
    const { name: kernel, constants } = kernelOf(shader, call.constants as Record<string, number> | undefined);
    const views = new Set(shader.bindings.map(({ name }) => buffers[name]));
    const source = specialize(shader.source, constants);
    // A sum over workgroup memory lasts no longer than one load from a buffer.
    const known = { steps: 1, ...constantsOf(source), ...(params as Record<string, number>) };
    this.work.push({
      ...{ kernel, shader: shader.name, flops, done: flops * waste(shader.name, known) },
      bytes:
        fetched(shader.name, buffers) ??
        [...views].reduce((sum, { bytes }) => sum + bytes, 0) + bytesReadBack(call, known),
      workgroups: x * y * z,
      rounds: rounds(shader.name, source, known),
    });
  }

  override copy(from: BufferView, to: BufferView): void {
    super.copy(from, to);
    this.#move('copy', 2 * from.bytes);
  }

  override clear(view: BufferView): void {
    super.clear(view);
    this.#move('clear', view.bytes);
  }

  #move(kernel: string, bytes: number): void {
    this.work.push({ ...{ kernel, shader: kernel, flops: 0, done: 0 }, bytes, workgroups: 1, rounds: 0 });
  }
}

/** A gather reads as many rows as it writes. */
function fetched(shader: string, { ids, y }: Readonly<Record<string, BufferView>>): number | undefined {
  return shader.startsWith('gather_rows') && y ? ids.bytes + 2 * y.bytes : undefined;
}

/** Of the buffers that a dispatch writes, those that it reads as well. */
function bytesReadBack({ shader, buffers }: Dispatch<string, string, string>, params: Record<string, number>): number {
  // Where a parameter or constant says so, only then.
  const { epilogue = 16, first = 0, ADD = 1 } = params;
  if ((epilogue & 16) === 0 || first === 1 || ADD === 0) return 0;
  return shader.bindings.reduce((sum, { name }) => sum + (readBack(shader).has(name) ? buffers[name].bytes : 0), 0);
}

const loadedOf = new Map<Shader, ReadonlySet<string>>();

/** The names of the buffers that a shader both reads and writes. */
function readBack(shader: Shader): ReadonlySet<string> {
  let names = loadedOf.get(shader);
  if (!names) {
    const { sites } = instrumented(shader.source, 1);
    const [loads, stores] = ['load', 'store'].map(
      (kind) => new Set(sites.filter((site) => site.kind === kind).map(({ text }) => text.replace(/\W.*/s, ''))),
    );
    names = new Set([...loads].filter((name) => stores.has(name)));
    loadedOf.set(shader, names);
  }
  return names;
}

const BATCH = 8;
const SIZE = 240;

/** A part of the work of a model, and what dispatches it. */
type Part = (name: string, body: () => void) => void;

/** A forward pass of ViT-L/14 on 8 images of 240 px, and a training step with the default settings on 16. */
export async function dispatchModels(gpu: IdleGpu, part: Part = (_, body) => body()): Promise<void> {
  const config = presetConfig('ViT-L-14');
  using _scope = gpu.scope();
  const tower = await VisionTower.load(gpu, zeroModel(config), { size: SIZE });
  const images = new Tensor(GpuArray.empty(gpu, [BATCH, 3, SIZE, SIZE]));
  part(`forward of ViT-L/14, ${SIZE} px × ${BATCH}`, () => void tower.encode(images, { embedding: true }));
  const { saving, extract, step } = await trainingParts(gpu, config, SIZE);
  const features = extract();
  part('training step, features cached', () => step(features, saving));
}

/** What {@link dispatchModels} dispatches. */
export async function models(): Promise<{ readonly name: string; readonly work: readonly Work[] }[]> {
  const gpu = new WritingGpu('hardware');
  const parts: { readonly name: string; readonly work: readonly Work[] }[] = [];
  await dispatchModels(gpu, (name, body) => {
    const before = gpu.work.length;
    body();
    parts.push({ name, work: gpu.work.slice(before) });
  });
  return parts;
}

/** What a tiled kernel computes over what is asked of it. */
function waste(shader: string, p: Readonly<Record<string, number>>): number {
  const over = (n: number, tile: number) => (Math.ceil(n / tile) * tile) / n;
  if (shader === 'matmul_workgroup') return over(p.m, p.TILE) * over(p.n, p.TILE);
  if (shader === 'matmul_thin') return over(p.m, p.TILE_M) * over(p.n, p.TILE_N);
  if (/^attention.*_workgroup$/.test(shader)) {
    // Rows of one tile see their own sequence alone.
    const full = over(p.length * p.together, 64) ** 2 * p.together * over(p.rows / p.length, p.together);
    return p.causal ? (full * (Math.ceil(p.length / 64) + 1)) / Math.ceil(p.length / 64) : full;
  }
  return 1;
}

/** Rounds of a tiled kernel; of the others all iterations, as the header says. */
function rounds(shader: string, source: string, p: Readonly<Record<string, number>>): number {
  if (/^matmul_(workgroup|thin)$/.test(shader)) return Math.ceil(Math.min(p.slice, p.k) / 32);
  if (/^attention.*_workgroup$/.test(shader)) return Math.ceil(p.length / 64) * (p.QUADS / 4 + 4);
  // Of the output lines those around one input line, not all.
  if (shader === 'resize_backward' && p.step > 0) return Math.ceil((2 * p.den) / p.step / 4) + 1;
  const formula = /^\/\/ Loops: (.+)$/m
    .exec(source)?.[1]
    .split(' where ')[0]
    .replaceAll(/ \(at most \d+\)/g, '');
  if (!formula || formula === 'none') return 1;
  try {
    return Math.max(1, evaluate(formula, p));
  } catch {
    // A name that only a bound is known of.
    return 1;
  }
}
