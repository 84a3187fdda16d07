import { FeatureCache } from '../fusion/index.ts';
import type { Detector, Extracted } from './detector.ts';

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

  release(): void {
    this.#cache?.release();
    this.#inputs.clear();
  }
}
