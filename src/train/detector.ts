import { joinReports, type StorageReport, TextTower, VisionTower } from '../clip/index.ts';
import {
  ensembleFeatures,
  extractFeatures,
  type Features,
  FusionModel,
  type FusionOptions,
  Predictor,
  tappedLayers,
} from '../fusion/index.ts';
import { GpuArray } from '../gpu/array.ts';
import { FusionclipError } from '../gpu/errors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { type Parameter, Tensor } from '../nn/index.ts';
import type { Backbone } from './backbone.ts';

/** What a detector is made of. */
export interface DetectorParts {
  readonly gpu: Gpu;
  readonly backbone: Backbone;
  readonly options: FusionOptions;
  /** `pixel`: sets with masks; `image`: sets with labels only. */
  readonly kind: 'pixel' | 'image';
  /** What the images show, e.g. `Brain`. */
  readonly object: string;
  /** Of the initial weights. */
  readonly seed: number;
}

/** Tokens of a batch, and image embeddings [B, E] where the options need them; owned by the scope they were made in. */
export interface Extracted {
  readonly features: Features;
  readonly embedding: GpuArray | null;
}

/** The frozen backbone and the trainable model on top of it, loaded on the GPU. */
export class Detector {
  readonly gpu: Gpu;
  readonly backbone: Backbone;
  readonly options: FusionOptions;
  readonly kind: 'pixel' | 'image';
  readonly object: string;
  readonly vision: VisionTower;
  readonly model: FusionModel;
  readonly #text: TextTower;
  #initial: ReadonlyMap<Parameter, Float32Array<ArrayBuffer>> | null = null;
  /** Text features [2, E] for the class token's score. */
  readonly #ensemble: GpuArray | null;

  private constructor(
    parts: DetectorParts,
    vision: VisionTower,
    text: TextTower,
    model: FusionModel,
    ensemble: GpuArray | null,
  ) {
    this.gpu = parts.gpu;
    this.backbone = parts.backbone;
    this.options = parts.options;
    this.kind = parts.kind;
    this.object = parts.object;
    this.vision = vision;
    this.model = model;
    this.#text = text;
    this.#ensemble = ensemble;
  }

  /** Loads the towers (blocks after the last tapped one are left out) and makes the model. Throws `bad_model`, `usage`. */
  static async open(parts: DetectorParts): Promise<Detector> {
    const { gpu, backbone, options } = parts;
    const { weights, tokenizer } = backbone;
    const { layers } = weights.config.vision;
    const act = options.act === 'auto' ? undefined : options.act;
    const storage = options.weights;
    requirePaths(options, layers);
    const withClass = options['score.cls'] === 'april';
    const lastLayer = withClass ? layers : Math.max(...tappedLayers(options, layers));
    const owned: { release(): void }[] = [];
    const own = <T extends { release(): void }>(thing: T): T => {
      owned.push(thing);
      return thing;
    };
    try {
      const vision = own(await VisionTower.load(gpu, weights, { size: options.size, act, storage, lastLayer }));
      const text = own(await TextTower.load(gpu, weights, { act, storage }));
      const model = own(await FusionModel.create({ ...parts, vision, text, tokenizer }));
      const context = { ...parts, text, tokenizer, paths: model.paths };
      const ensemble = withClass ? (await ensembleFeatures(context)).keep() : null;
      return new Detector(parts, vision, text, model, ensemble);
    } catch (error) {
      for (const thing of owned.reverse()) thing.release();
      throw error;
    }
  }

  /** Whether an image's tokens stay the same while the model is trained. */
  get frozen(): boolean {
    return this.model.residual === null;
  }

  /** Preprocessed images [3, S, S] as one batch [B, 3, S, S]. */
  upload(inputs: readonly Float32Array[]): GpuArray {
    const { size } = this.vision;
    const all = new Float32Array(inputs.length * 3 * size * size);
    inputs.forEach((input, i) => {
      all.set(input, i * 3 * size * size);
    });
    return GpuArray.from(this.gpu, all, [inputs.length, 3, size, size]);
  }

  /**
   * Tokens of preprocessed images [3, S, S]; with residual adapters differentiable, when a tape records.
   */
  extract(inputs: readonly Float32Array[]): Extracted {
    return this.extractFrom(this.upload(inputs));
  }

  /** {@link extract} of a batch [B, 3, S, S] that is on the GPU. */
  extractFrom(images: GpuArray): Extracted {
    const embedding = this.#ensemble !== null;
    const { layers, residual } = this.model;
    if (!residual) return extractFeatures(this.vision, images, { layers, tokens: this.options.tokens, embedding });
    // The class token is scored with the untouched backbone, as the text features are.
    const plain = embedding ? this.vision.encode(new Tensor(images), { embedding }).embedding : null;
    return { features: this.model.residualFeatures(images), embedding: plain?.value ?? null };
  }

  /** How the towers are stored. */
  get storage(): StorageReport {
    return joinReports([this.vision.storage, this.#text.storage]);
  }

  /** What a feature cache has to keep. */
  get featureOptions(): { layers: readonly number[]; tokens: 'raw' | 'ln_post'; embedding: boolean } {
    return { layers: this.model.layers, tokens: this.options.tokens, embedding: this.#ensemble !== null };
  }

  /** Puts the trainable tensors back to what they were when this was first called: a new training may begin. */
  async restart(): Promise<void> {
    const { parameters } = this.model;
    if (this.#initial) {
      for (const [parameter, values] of this.#initial) {
        parameter.value.write(values);
        parameter.zeroGrad();
      }
      return;
    }
    const initial = new Map<Parameter, Float32Array<ArrayBuffer>>();
    for (const parameter of parameters) initial.set(parameter, await parameter.read());
    this.#initial = initial;
  }

  /** A scorer with the text features of now and an empty memory bank. */
  predictor(): Predictor {
    return new Predictor(this.gpu, this.model, this.#ensemble);
  }

  release(): void {
    this.model.release();
    this.#text.release();
    this.vision.release();
    this.#ensemble?.release();
  }
}

/** Refuses blocks that the model does not have, and blocks or branches named twice. */
function requirePaths(options: FusionOptions, blocks: number): void {
  const tapped = tappedLayers(options, blocks);
  const beyond = tapped.find((layer) => layer > blocks);
  if (beyond !== undefined) {
    throw new FusionclipError('usage', `--layers names block ${beyond}, but the model has ${blocks}; choose others.`);
  }
  if (new Set(tapped).size < tapped.length) throw new FusionclipError('usage', '--layers names a block twice.');
  const { branches } = options;
  if (new Set(branches).size < branches.length) throw new FusionclipError('usage', '--branches names a branch twice.');
}
