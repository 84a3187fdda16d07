import type { VisionTower } from '../clip/index.ts';
import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { splitTokens } from '../kernels/assemble_tokens.ts';
import { Tensor } from '../nn/index.ts';
import type { LayerTokens } from './adapters.ts';
import { copyInto, imageOf } from './batches.ts';
import { windowEmbeddings } from './windows.ts';

/** Tokens of every tapped layer of a batch of B images, by 1-based layer. */
export type Features = ReadonlyMap<number, LayerTokens>;

/** What the backbone says of a batch of B images, as far as a method asked for it. */
export interface Encoded {
  readonly features: Features;
  /** Image embeddings [B, E]. */
  readonly embedding?: GpuArray | null;
  /** Embeddings of all windows by the side of a window in patches, [B, windows, E]. */
  readonly windows?: ReadonlyMap<number, GpuArray>;
  /** The images themselves, [B, 3, S, S]. */
  readonly guide?: GpuArray | null;
  /** Cells of the stages of a pyramid by 1-based number, [B, cells, width]. */
  readonly stages?: ReadonlyMap<number, GpuArray>;
}

/** What a method takes of the backbone. */
export interface FeatureOptions {
  readonly layers: readonly number[];
  readonly tokens: 'raw' | 'ln_post';
  /** Whether the image embedding is wanted too (for the class token's text score). */
  readonly embedding?: boolean;
  /** Sides in patches of the windows whose embeddings are wanted. */
  readonly windows?: readonly number[];
  /** Stages of a pyramid whose cells are wanted, 1-based. */
  readonly stages?: readonly number[];
  /** Whether the images are wanted too, to draw maps to their edges. */
  readonly guide?: boolean;
}

/**
 * Runs the frozen tower on preprocessed images and splits class and patch tokens.
 * @param images [B, 3, S, S]
 */
export function extractFeatures(tower: VisionTower, images: GpuArray, options: FeatureOptions): Encoded {
  const result = tower.encode(new Tensor(images), { taps: options.layers, embedding: options.embedding ?? false });
  const features = new Map<number, LayerTokens>();
  for (const [layer, tap] of result.taps) {
    const tokens = options.tokens === 'ln_post' ? tower.normalise(tap) : tap;
    const { cls, patches } = splitTokens(tokens.value);
    features.set(layer, { cls: new Tensor(cls), patches: new Tensor(patches) });
  }
  const windows = new Map((options.windows ?? []).map((side) => [side, windowEmbeddings(tower, images, side)]));
  return { features, embedding: result.embedding?.value ?? null, windows, guide: options.guide ? images : null };
}

/** Bytes on the GPU that {@link extractFeatures} leaves of one image. */
export function encodedBytes(
  { config, grid, size }: VisionTower,
  { layers, embedding, windows = [], guide }: FeatureOptions,
): number {
  const rows = windows.reduce((n, side) => n + (grid - side + 1) ** 2, embedding ? 1 : 0);
  const pixels = guide ? 3 * size ** 2 : 0;
  return 4 * (layers.length * (grid ** 2 + 1) * config.vision.width + rows * config.embed + pixels);
}

/** One image's arrays [1, ...] on the GPU by name, kept until the cache is released. */
type CachedImage = ReadonlyMap<string, GpuArray>;

/**
 * What the frozen backbone says of every image, computed once: nothing trainable feeds it, so it never changes. Costs a
 * method's `encodedBytes` an image on the GPU.
 */
export class FeatureCache {
  readonly #gpu: Gpu;
  readonly #encode: (images: readonly Float32Array<ArrayBuffer>[]) => Encoded;
  readonly #images = new Map<string, CachedImage>();

  /** @param encode what is kept of preprocessed images [3, S, S] */
  constructor(gpu: Gpu, encode: (images: readonly Float32Array<ArrayBuffer>[]) => Encoded) {
    this.#gpu = gpu;
    this.#encode = encode;
  }

  has(id: string): boolean {
    return this.#images.has(id);
  }

  get size(): number {
    return this.#images.size;
  }

  /** Computes and keeps what the backbone says of preprocessed images [3, S, S], all in one pass. */
  add(images: ReadonlyMap<string, Float32Array<ArrayBuffer>>): void {
    using _scope = this.#gpu.scope();
    const parts = arraysOf(this.#encode([...images.values()]));
    [...images.keys()].forEach((id, i) => {
      if (this.#images.has(id)) this.drop(id);
      this.#images.set(id, new Map([...parts].map(([name, array]) => [name, imageOf(array, i).keep()])));
    });
  }

  /** What is kept of some images as one batch, owned by the current scope. */
  batch(ids: readonly string[]): Encoded {
    const out = this.emptyBatch(ids.length);
    this.fill(out, ids);
    return out;
  }

  /** Room for what is kept of `count` images, owned by the current scope; some image must be there already. */
  emptyBatch(count: number): Encoded {
    const [[id]] = this.#images;
    const room = ({ shape }: GpuArray) => GpuArray.empty(this.#gpu, [count, ...shape.slice(1)]);
    const parts = new Map(Array.from(this.#get(id), ([name, array]) => [name, room(array)]));
    return encodedOf(parts);
  }

  /** Writes what is kept of some images into a batch of that many. */
  fill(batch: Encoded, ids: readonly string[]): void {
    const images = ids.map((id) => this.#get(id));
    for (const [name, array] of arraysOf(batch)) {
      copyInto(
        array,
        images.map((image) => image.get(name)!),
      );
    }
  }

  /** Forgets one image. */
  drop(id: string): void {
    const image = this.#get(id);
    this.#images.delete(id);
    for (const array of image.values()) array.release();
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

/** The arrays of a batch under one name each; the first axis of all is the images. */
export function arraysOf({ features, embedding, windows, guide, stages }: Encoded): Map<string, GpuArray> {
  const parts = new Map<string, GpuArray>();
  for (const [layer, { cls, patches }] of features) {
    parts.set(`cls.${layer}`, cls.value);
    parts.set(`patches.${layer}`, patches.value);
  }
  if (embedding) parts.set('embedding', embedding);
  for (const [side, array] of windows ?? []) parts.set(`window.${side}`, array);
  if (guide) parts.set('guide', guide);
  for (const [stage, array] of stages ?? []) parts.set(`stage.${stage}`, array);
  return parts;
}

/** The inverse of {@link arraysOf}. */
function encodedOf(parts: ReadonlyMap<string, GpuArray>): Encoded {
  const numbered = (kind: string): [number, GpuArray][] =>
    [...parts].flatMap(([name, array]) =>
      name.startsWith(`${kind}.`) ? [[Number(name.slice(kind.length + 1)), array]] : [],
    );
  const tokens = ([layer, patches]: [number, GpuArray]): [number, LayerTokens] => [
    layer,
    { cls: new Tensor(parts.get(`cls.${layer}`)!), patches: new Tensor(patches) },
  ];
  return {
    features: new Map(numbered('patches').map(tokens)),
    embedding: parts.get('embedding') ?? null,
    windows: new Map(numbered('window')),
    stages: new Map(numbered('stage')),
    guide: parts.get('guide') ?? null,
  };
}
