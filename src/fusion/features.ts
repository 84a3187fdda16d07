import type { VisionTower } from '../clip/index.ts';
import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { splitTokens } from '../kernels/assemble_tokens.ts';
import { Tensor } from '../nn/index.ts';
import type { LayerTokens } from './adapters.ts';

/** Tokens of every tapped layer of a batch of B images, by 1-based layer. */
export type Features = ReadonlyMap<number, LayerTokens>;

/** What the tapped tokens of a run are made with. */
export interface FeatureOptions {
  readonly layers: readonly number[];
  readonly tokens: 'raw' | 'ln_post';
  /** Whether the image embedding is wanted too (for the class token's text score). */
  readonly embedding?: boolean;
}

/**
 * Runs the frozen tower on preprocessed images and splits class and patch tokens.
 * @param images [B, 3, S, S]
 */
export function extractFeatures(
  tower: VisionTower,
  images: GpuArray,
  options: FeatureOptions,
): { features: Features; embedding: GpuArray | null } {
  const result = tower.encode(new Tensor(images), { taps: options.layers, embedding: options.embedding ?? false });
  const features = new Map<number, LayerTokens>();
  for (const [layer, tap] of result.taps) {
    const tokens = options.tokens === 'ln_post' ? tower.normalise(tap) : tap;
    const { cls, patches } = splitTokens(tokens.value);
    features.set(layer, { cls: new Tensor(cls), patches: new Tensor(patches) });
  }
  return { features, embedding: result.embedding?.value ?? null };
}

/** One image's tokens on the GPU, kept until the cache is released. */
interface CachedImage {
  readonly layers: ReadonlyMap<number, { cls: GpuArray; patches: GpuArray }>;
  readonly embedding: GpuArray | null;
}

/**
 * The frozen tower's tokens of every image, computed once: nothing trainable feeds the backbone, so they never change.
 * Costs 4 · (N + 1) · W bytes an image and layer on the GPU.
 */
export class FeatureCache {
  readonly #gpu: Gpu;
  readonly #tower: VisionTower;
  readonly #options: FeatureOptions;
  readonly #images = new Map<string, CachedImage>();

  constructor(gpu: Gpu, tower: VisionTower, options: FeatureOptions) {
    this.#gpu = gpu;
    this.#tower = tower;
    this.#options = options;
  }

  has(id: string): boolean {
    return this.#images.has(id);
  }

  get size(): number {
    return this.#images.size;
  }

  /** Computes and keeps the tokens of preprocessed images [3, S, S], all in one pass of the tower. */
  add(images: ReadonlyMap<string, Float32Array<ArrayBuffer>>): void {
    using _scope = this.#gpu.scope();
    const { size } = this.#tower;
    const input = GpuArray.empty(this.#gpu, [images.size, 3, size, size]);
    [...images.values()].forEach((image, i) => {
      this.#gpu.write({ buffer: input.buffer, offset: 4 * image.length * i, bytes: 4 * image.length }, image);
    });
    const { features, embedding } = extractFeatures(this.#tower, input, this.#options);
    [...images.keys()].forEach((id, i) => {
      if (this.#images.has(id)) this.drop(id);
      const layers = new Map<number, { cls: GpuArray; patches: GpuArray }>();
      for (const [layer, { cls, patches }] of features) {
        layers.set(layer, { cls: entry(cls.value, i).keep(), patches: entry(patches.value, i).keep() });
      }
      this.#images.set(id, { layers, embedding: embedding && entry(embedding, i).keep() });
    });
  }

  /** The tokens of some images as one batch, owned by the current scope. */
  batch(ids: readonly string[]): Features {
    const images = ids.map((id) => this.#get(id));
    const out = new Map<number, LayerTokens>();
    for (const layer of this.#options.layers) {
      const of = (part: 'cls' | 'patches') => new Tensor(stack(images.map((image) => image.layers.get(layer)![part])));
      out.set(layer, { cls: of('cls'), patches: of('patches') });
    }
    return out;
  }

  /** Image embeddings [B, E], or null when the options did not ask for them. */
  embeddings(ids: readonly string[]): GpuArray | null {
    const arrays = ids.map((id) => this.#get(id).embedding);
    return arrays.includes(null) ? null : stack(arrays as GpuArray[]);
  }

  /** Forgets one image. */
  drop(id: string): void {
    const image = this.#get(id);
    this.#images.delete(id);
    for (const { cls, patches } of image.layers.values()) {
      cls.release();
      patches.release();
    }
    image.embedding?.release();
  }

  release(): void {
    for (const id of [...this.#images.keys()]) this.drop(id);
  }

  #get(id: string): CachedImage {
    const image = this.#images.get(id);
    if (!image) throw new Error(`the features of ${id} are not cached`);
    return image;
  }
}

/** Arrays [1, ...] one after the other: [n, ...]. */
function stack(arrays: readonly GpuArray[]): GpuArray {
  const { gpu, shape, size } = arrays[0];
  const out = GpuArray.empty(gpu, [arrays.length, ...shape.slice(1)]);
  arrays.forEach((a, i) => {
    gpu.copy(
      { buffer: a.buffer, offset: a.offset, bytes: 4 * size },
      { buffer: out.buffer, offset: 4 * size * i, bytes: 4 * size },
    );
  });
  return out;
}

/** Entry `i` of the first axis as an array [1, ...] of its own. */
function entry(array: GpuArray, i: number): GpuArray {
  const inner = array.shape.slice(1);
  const bytes = (4 * array.size) / array.shape[0];
  const out = GpuArray.empty(array.gpu, [1, ...inner]);
  array.gpu.copy(
    { buffer: array.buffer, offset: array.offset + i * bytes, bytes },
    { buffer: out.buffer, offset: 0, bytes },
  );
  return out;
}
