import { FusionclipError } from '../base/errors.ts';
import { unlessStopped } from '../base/turn.ts';
import { type PixelStatistics, type StorageReport, TextTower, VisionTower } from '../clip/index.ts';
import { joinReports } from '../clip/weight_storage.ts';
import { concatenated } from '../clip/weights.ts';
import type { DatasetKind } from '../data/layout/dataset.ts';
import type { RangeRule } from '../data/range/rule.ts';
import { joinImages } from '../fusion/batches.ts';
import {
  type Encoded,
  type FeatureOptions,
  type FusionOptions,
  type Model,
  methodOf,
  tappedLayers,
} from '../fusion/index.ts';
import { isGuided } from '../fusion/maps.ts';
import { runsOnMedClip } from '../fusion/methods/index.ts';
import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { BertTower } from '../medclip/bert.ts';
import { MedClip } from '../medclip/method.ts';
import { loadMedClipVision } from '../medclip/vision.ts';
import type { Parameter } from '../nn/index.ts';
import { type AnyBackbone, type Backbone, type MedClipBackbone, modelKey, statisticsOf } from './backbone.ts';
import type { Framing } from './pictures.ts';
import type { SharedFeatures } from './shared_features.ts';

/** What a detector is made of. */
export interface DetectorParts {
  readonly gpu: Gpu;
  readonly backbone: AnyBackbone;
  readonly options: FusionOptions;
  /** `pixel`: sets with masks; `image`: sets with labels only. */
  readonly kind: DatasetKind;
  /** What the images show, e.g. `Brain`. */
  readonly object: string;
  /** Of the initial weights. */
  readonly seed: number;
  /** How the values of files become grey levels; see `Framing`. */
  readonly grey?: RangeRule;
  /** Where features of images may be had that another run has computed. */
  readonly shared?: FeatureShare | null;
  /** Ends the opening. */
  readonly signal?: AbortSignal;
}

/** Features that runs have in common, and what they are features of. */
export interface FeatureShare {
  readonly features: SharedFeatures;
  /** The data set: ids of images are unique in it. */
  readonly data: string;
}

/** A tower on the GPU. */
export interface LoadedTower {
  readonly storage: StorageReport;
  /** Frees the memory of the GPU. */
  release(): void;
}

/** Operations of one pass of images through the backbone: some seconds on a processor, and on a GPU. */
const PASS = { software: 4e10, hardware: 4e12 } as const;

/** What a detector owns. */
interface DetectorModel {
  /** Without `imageFlops` a tower is a small one. */
  readonly vision: LoadedTower & { readonly size: number; readonly imageFlops?: number };
  readonly text: LoadedTower;
  readonly method: Model;
}

/** The frozen backbone and the method on top of it, loaded on the GPU. */
export class Detector {
  readonly gpu: Gpu;
  readonly backbone: AnyBackbone;
  readonly options: FusionOptions;
  readonly kind: DatasetKind;
  readonly object: string;
  readonly grey: RangeRule | undefined;
  /** What images are normalised with, where they are. */
  readonly statistics: PixelStatistics;
  readonly vision: DetectorModel['vision'];
  readonly method: Model;
  readonly #text: LoadedTower;
  readonly #shared: FeatureShare | null;
  readonly #prepared = new Set<string>();
  #initial: ReadonlyMap<Parameter, Float32Array<ArrayBuffer>> | null = null;

  private constructor(parts: DetectorParts, { vision, text, method }: DetectorModel) {
    this.gpu = parts.gpu;
    this.backbone = parts.backbone;
    this.options = parts.options;
    this.kind = parts.kind;
    this.object = parts.object;
    this.grey = parts.grey;
    this.statistics = statisticsOf(parts.backbone);
    this.vision = vision;
    this.method = method;
    this.#text = text;
    this.#shared = parts.shared ?? null;
  }

  /** Loads the towers (blocks that the method does not need are left out) and makes the method. Throws `bad_model`, `usage`. */
  static async open(parts: DetectorParts): Promise<Detector> {
    const { backbone, options } = parts;
    parts.shared?.features.moveTo(parts.gpu);
    if (runsOnMedClip(options.method) !== (backbone.family === 'medclip')) throw wrongFamily(options.method, backbone);
    const owned: { release(): void }[] = [];
    const own = <T extends { release(): void }>(thing: T): T => {
      owned.push(thing);
      return thing;
    };
    try {
      const open =
        backbone.family === 'medclip' ? openMedClipModel(parts, backbone, own) : openClipModel(parts, backbone, own);
      return new Detector(parts, await open);
    } catch (error) {
      for (const thing of owned.reverse()) thing.release();
      throw error;
    }
  }

  /** How images come to the size of the model. */
  get framing(): Framing {
    return { size: this.vision.size, norm: this.options.norm, grey: this.grey };
  }

  /**
   * Images that go through the backbone at a time where `most` are asked for: with a large one on a slow adapter fewer, so that
   * progress shows and a wish to stop is heard. Bits hang on it, so it goes by sizes and the kind of adapter, and by no clock.
   */
  passOf(most: number): number {
    const { imageFlops = 0 } = this.vision;
    const operations = PASS[this.gpu.facts.software ? 'software' : 'hardware'];
    return Math.max(1, Math.min(most, Math.floor(operations / imageFlops)));
  }

  /**
   * Compiles what `body` needs, the first time that one of its name comes; see `Gpu.prepare`.
   * @throws what the signal was fired with
   */
  async prepare(name: string, body: () => unknown, signal?: AbortSignal): Promise<void> {
    if (this.#prepared.has(name)) return;
    await this.gpu.prepare(body, signal);
    signal?.throwIfAborted();
    this.#prepared.add(name);
  }

  /** Preprocessed images [3, S, S] as one batch [B, 3, S, S]. */
  upload(inputs: readonly Float32Array[]): GpuArray {
    const { size } = this.vision;
    return GpuArray.made(this.gpu, () => concatenated(inputs), [inputs.length, 3, size, size]);
  }

  /** What the method takes of preprocessed images [3, S, S], in the current scope. */
  encode(inputs: readonly Float32Array[]): Encoded {
    const images = this.upload(inputs);
    return { ...this.method.encode(images), guide: this.needs.guide ? images : null };
  }

  /** What the method takes of the backbone, and the images where maps are drawn to their edges. */
  get needs(): FeatureOptions {
    return { ...this.method.needs, guide: isGuided(this.options) };
  }

  /** As {@link encode}, for images of the run's data set: features that another run has computed may do. */
  encodeShared(inputs: readonly Float32Array<ArrayBuffer>[]): Encoded {
    // What is computed only to compile has no values to be kept.
    if (!this.#shared || !this.method.frozen || this.gpu.preparing) return this.encode(inputs);
    const { features } = this.#shared;
    const domain = this.#domain();
    const part = (images: readonly Float32Array<ArrayBuffer>[], needs: FeatureOptions) =>
      features.encode(domain, images, needs, () => this.method.encode(this.upload(images), needs));
    const { windows: sides = [], ...needs } = this.method.needs;
    const encoded = part(inputs, needs);
    const guide = this.needs.guide ? this.upload(inputs) : null;
    if (sides.length === 0) return { ...encoded, guide };
    // Windows cost many times what an image does, and do not depend on the others of a batch: whatever the draw, they are there.
    const images = inputs.map((input) => part([input], { layers: [], tokens: needs.tokens, windows: sides }));
    const windows = sides.map((side): [number, GpuArray] => [
      side,
      joinImages(images.map((image) => image.windows!.get(side)!)),
    ]);
    return { ...encoded, guide, windows: new Map(windows) };
  }

  /** When {@link encodeShared} has the features of so many images without computing them: now, once it has, or not at all. */
  keepsShared(images: number, bytes: number): 'now' | 'then' | 'never' {
    if (!this.#shared || !this.method.frozen) return 'never';
    const { features } = this.#shared;
    if (features.count(this.#domain()) >= images) return 'now';
    return images * bytes <= features.room(this.#domain()) ? 'then' : 'never';
  }

  /** What features depend on beside the image. */
  #domain(): string {
    const { size, act, weights, norm } = this.options;
    return JSON.stringify([this.#shared!.data, modelKey(this.backbone.identity), size, act, weights, norm]);
  }

  /** How the towers are stored. */
  get storage(): StorageReport {
    return joinReports([this.vision.storage, this.#text.storage]);
  }

  /**
   * Puts the trainable tensors back to what they were when this was first called: a new training may begin.
   * @throws what the signal was fired with
   */
  async restart(signal?: AbortSignal): Promise<void> {
    const { parameters } = this.method;
    if (this.#initial) {
      for (const [parameter, values] of this.#initial) {
        parameter.value.write(values);
        parameter.zeroGrad();
      }
      return;
    }
    const reads = parameters.map(async (parameter) => [parameter, await parameter.read()] as const);
    this.#initial = new Map(await unlessStopped(Promise.all(reads), signal));
  }

  /** Frees the memory of the GPU. */
  release(): void {
    this.method.release();
    this.#text.release();
    this.vision.release();
  }
}

/** Notes what has to be released when a later step fails. */
type Own = <T extends { release(): void }>(thing: T) => T;

async function openClipModel(parts: DetectorParts, backbone: Backbone, own: Own): Promise<DetectorModel> {
  const { gpu, options, signal } = parts;
  const { weights, tokenizer } = backbone;
  const { layers } = weights.config.vision;
  const act = options.act === 'auto' ? undefined : options.act;
  const storage = options.weights;
  requirePaths(options, layers);
  const kind = methodOf(options.method);
  const needs = kind.needs(options, layers);
  const lastLayer = needs.embedding ? layers : Math.max(...needs.layers);
  const vision = own(await VisionTower.load(gpu, weights, { size: options.size, act, storage, lastLayer, signal }));
  const text = own(await TextTower.load(gpu, weights, { act, storage, signal }));
  const tower = JSON.stringify([modelKey(backbone.identity), options.act, storage]);
  const ensembles = parts.shared?.features.ensembles(tower);
  return { vision, text, method: await kind.create({ ...parts, vision, text, tokenizer, ensembles }) };
}

async function openMedClipModel(parts: DetectorParts, backbone: MedClipBackbone, own: Own): Promise<DetectorModel> {
  const { gpu, options, signal } = parts;
  const { weights, tokenizer } = backbone;
  const storage = options.weights;
  if (options.act === 'quickgelu') {
    throw new FusionclipError('usage', "MedCLIP's activations are those of its parts; leave --act out.");
  }
  const vision = own(await loadMedClipVision(gpu, weights, { size: options.size, storage, signal }));
  const text = own(await BertTower.load(gpu, weights, { storage, signal }));
  return { vision, text, method: await MedClip.create({ ...parts, vision, text, tokenizer, weights }) };
}

/** The refusal of a method on towers that are not its own. */
function wrongFamily(method: string, { family, identity }: AnyBackbone): FusionclipError {
  const text =
    family === 'medclip'
      ? `${identity.name} is a MedCLIP model, which --method ${method} cannot run on; give --method medclip or a CLIP model.`
      : `--method ${method} runs on a MedCLIP model, and ${identity.name} is a CLIP model; give --model a MedCLIP folder.`;
  return new FusionclipError('usage', text);
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
