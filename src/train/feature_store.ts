import { FeatureCache, type Features } from '../fusion/index.ts';
import { GpuArray } from '../gpu/array.ts';
import type { Detector, Extracted } from './detector.ts';

/** Fixed memory for batches of one size, which is filled again for each: what a recorded step reads. */
export interface FeatureBatch {
  /** Puts these images into the batch, as many as it has room for. */
  fill(ids: readonly string[]): void;
  /** Their tokens; with residual adapters computed here, in the current scope, and differentiable. */
  features(): Features;
  release(): void;
}

/**
 * Tokens of images by id, for images that are used again and again. Where the backbone is frozen they are computed once
 * and kept on the GPU; with residual adapters the images themselves are kept, and tokens are computed when asked for.
 */
export class FeatureStore {
  readonly #detector: Detector;
  readonly #cache: FeatureCache | null;
  readonly #inputs = new Map<string, Float32Array<ArrayBuffer>>();

  constructor(detector: Detector) {
    this.#detector = detector;
    this.#cache = detector.frozen ? new FeatureCache(detector.gpu, detector.vision, detector.featureOptions) : null;
  }

  /** Bytes on the GPU that one image will take. */
  static bytesPerImage({ model, vision, frozen }: Detector): number {
    return frozen ? 4 * model.layers.length * (vision.grid ** 2 + 1) * vision.config.vision.width : 0;
  }

  /** Takes preprocessed images [3, S, S], which go through the backbone together. */
  add(images: ReadonlyMap<string, Float32Array<ArrayBuffer>>): void {
    if (this.#cache) this.#cache.add(images);
    else for (const [id, input] of images) this.#inputs.set(id, input);
  }

  /** Tokens of some images as a batch, in the current scope. With residual adapters differentiable. */
  get(ids: readonly string[]): Extracted {
    if (this.#cache) return { features: this.#cache.batch(ids), embedding: this.#cache.embeddings(ids) };
    return this.#detector.extract(ids.map((id) => this.#inputs.get(id)!));
  }

  /** A batch of `count` images; the caller releases it. */
  batch(count: number): FeatureBatch {
    const { gpu, vision } = this.#detector;
    using _scope = gpu.scope();
    const cache = this.#cache;
    if (cache) {
      const features = cache.emptyBatch(count);
      const arrays = [...features.values()].flatMap(({ cls, patches }) => [cls.value.keep(), patches.value.keep()]);
      return {
        fill: (ids) => cache.fill(features, ids),
        features: () => features,
        release: () => {
          for (const array of arrays) array.release();
        },
      };
    }
    const pixels = 3 * vision.size ** 2;
    const host = new Float32Array(count * pixels);
    const images = GpuArray.empty(gpu, [count, 3, vision.size, vision.size]).keep();
    return {
      fill: (ids) => {
        ids.forEach((id, i) => {
          host.set(this.#inputs.get(id)!, i * pixels);
        });
        images.write(host);
      },
      features: () => this.#detector.extractFrom(images).features,
      release: () => images.release(),
    };
  }

  release(): void {
    this.#cache?.release();
    this.#inputs.clear();
  }
}
