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
    const out = this.emptyBatch(ids.length);
    this.fill(out, ids);
    return out;
  }

  /** Room for the tokens of `count` images, owned by the current scope. */
  emptyBatch(count: number): Features {
    const { grid, config } = this.#tower;
    const { width } = config.vision;
    const room = (...shape: number[]) => new Tensor(GpuArray.empty(this.#gpu, shape));
    const layer = (): LayerTokens => ({ cls: room(count, width), patches: room(count, grid ** 2, width) });
    return new Map(this.#options.layers.map((number) => [number, layer()]));
  }

  /** Writes the tokens of some images into a batch of that many. */
  fill(batch: Features, ids: readonly string[]): void {
    const images = ids.map((id) => this.#get(id));
    for (const [layer, tokens] of batch) {
      for (const part of ['cls', 'patches'] as const) {
        copyInto(
          tokens[part].value,
          images.map((image) => image.layers.get(layer)![part]),
        );
      }
    }
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
  const { gpu, shape } = arrays[0];
  const out = GpuArray.empty(gpu, [arrays.length, ...shape.slice(1)]);
  copyInto(out, arrays);
  return out;
}

function copyInto(out: GpuArray, arrays: readonly GpuArray[]): void {
  arrays.forEach((a, i) => {
    const bytes = 4 * a.size;
    out.gpu.copy({ buffer: a.buffer, offset: a.offset, bytes }, { buffer: out.buffer, offset: bytes * i, bytes });
  });
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
