/** What the golden comparisons of the comparison methods share: the model T with its pictures, and training. */
import {
  type Activation,
  GeneratedClipModel,
  presetConfig,
  TextTower,
  Tokenizer,
  VisionTower,
} from '../../../src/clip/index.ts';
import { AUGMENTATIONS, warp } from '../../../src/data/augment.ts';
import {
  type FusionOptions,
  fusionOptions,
  type Model,
  type ModelParts,
  methodOf,
  type Targets,
} from '../../../src/fusion/index.ts';
import { GpuArray } from '../../../src/gpu/array.ts';
import type { Gpu } from '../../../src/gpu/gpu.ts';
import { fill } from '../../../src/kernels/elementwise.ts';
import { Adam, Tape } from '../../../src/nn/index.ts';
import { encodingOnce } from '../../fusion/encoding_once.ts';
import { pictures, SUPPORT } from '../pictures.ts';
import type { GoldenCase } from './golden.ts';

/** Side of the images of the golden results. */
export const SIZE = 56;

/** The model T with the pictures of the golden results. */
export class Bench {
  readonly #gpu: Gpu;
  readonly #seed: number;
  readonly #norm: 'clip' | 'none';
  readonly parts: Omit<ModelParts, 'options' | 'kind'>;

  private constructor(gpu: Gpu, seed: number, norm: 'clip' | 'none', parts: Bench['parts']) {
    this.#gpu = gpu;
    this.#seed = seed;
    this.#norm = norm;
    this.parts = parts;
  }

  static async open(gpu: Gpu, seed: number, act: Activation, norm: 'clip' | 'none'): Promise<Bench> {
    const weights = new GeneratedClipModel({ ...presetConfig('T'), act }, seed);
    const vision = await VisionTower.load(gpu, weights, { size: SIZE });
    const text = encodingOnce(gpu, await TextTower.load(gpu, weights));
    const tokenizer = await Tokenizer.openai();
    return new Bench(gpu, seed, norm, { gpu, vision, text, tokenizer, object: 'Brain', seed });
  }

  /** Preprocessed pictures with masks and labels. */
  pictures(list: readonly [string, number][]) {
    return pictures(list, this.#seed, SIZE, this.#norm === 'clip' ? 'winclip' : 'mvfa');
  }

  upload(list: readonly [string, number][]): GpuArray {
    return GpuArray.from(this.#gpu, this.pictures(list).images, [list.length, 3, SIZE, SIZE]);
  }

  /** The eleven views of each of the four normal support pictures. */
  normalViews(): GpuArray[] {
    return SUPPORT.slice(0, 4).map((one) => {
      const { images } = this.pictures([one]);
      const views = AUGMENTATIONS.map((view) => warp(images, SIZE, view));
      return GpuArray.from(this.#gpu, Float32Array.from(views.flatMap((view) => [...view])), [
        views.length,
        3,
        SIZE,
        SIZE,
      ]);
    });
  }

  /** A method with some settings; its seed is that of the golden results. */
  method(name: string, settings: Record<string, string> = {}, kind: 'pixel' | 'image' = 'pixel'): Promise<Model> {
    return methodOf(name).create({ ...this.parts, options: optionsOf(name, settings), kind });
  }

  release(): void {
    this.parts.vision.release();
    this.parts.text.release();
  }
}

/** Settings of a method at the size of the golden results. */
export function optionsOf(name: string, settings: Record<string, string>): FusionOptions {
  return fusionOptions({ method: name, size: String(SIZE), ...settings });
}

/** Compares a tensor of this engine with the golden one of the same name. */
export type Check = (name: string, values: Float32Array) => GoldenCase;

/** Support pictures of each step; the last entry is only evaluated. */
export const FULL_BATCHES = Array.from({ length: 11 }, () => SUPPORT);
/** One image a step. */
export const SINGLE_IMAGES = [...SUPPORT.map((one) => [one]), []];

/** What training left beside the weights. */
export interface Trained {
  /** Before each step, and after the last one where there is something to evaluate. */
  readonly losses: Float32Array;
  /** Of the first step, by name. */
  readonly parts: ReadonlyMap<string, number>;
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

/** Adam steps on some pictures each. */
export async function trained(
  gpu: Gpu,
  bench: Bench,
  method: Model,
  kind: 'pixel' | 'image',
  batches: readonly (readonly [string, number][])[],
): Promise<Trained> {
  const adam = new Adam([{ parameters: method.parameters, lr: 1e-3, betas: [0.5, 0.999] }]);
  const losses: number[] = [];
  const parts = new Map<string, number>();
  const gradients = new Map<string, Float32Array>();
  try {
    for (const [step, batch] of batches.entries()) {
      if (batch.length === 0) continue;
      using _scope = gpu.scope();
      const { labels, masks } = bench.pictures(batch);
      const targets: Targets = {
        label: GpuArray.from(gpu, labels, [batch.length]),
        mask: kind === 'pixel' ? GpuArray.from(gpu, masks, [batch.length, SIZE, SIZE]) : null,
      };
      const tape = new Tape();
      const { total, names, values } = tape.record(() => method.loss(method.encode(bench.upload(batch)), targets));
      losses.push((await total.read())[0]);
      const read = await values.read();
      if (step === 0) for (const [i, name] of names.entries()) parts.set(name, read[i]);
      if (step === batches.length - 1) break;
      tape.backward(total, fill([1], 1, gpu));
      if (step === 0) {
        for (const { name, grad } of method.parameters) if (grad) gradients.set(name, await grad.read());
      }
      adam.step();
    }
  } finally {
    adam.release();
  }
  return { losses: Float32Array.from(losses), parts, gradients };
}
