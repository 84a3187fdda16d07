import { type Encoded, encodedBytes, FeatureCache } from '../fusion/index.ts';
import type { Detector } from './detector.ts';

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
    const { gpu, vision, method } = detector;
    this.#cache = method.frozen ? new FeatureCache(gpu, vision, method.needs) : null;
  }

  /** Bytes on the GPU that one image will take. */
  static bytesPerImage({ method, vision }: Detector): number {
    return method.frozen ? encodedBytes(vision, method.needs) : 0;
  }

  /** Takes preprocessed images [3, S, S], which go through the backbone together. */
  add(images: ReadonlyMap<string, Float32Array<ArrayBuffer>>): void {
    if (this.#cache) this.#cache.add(images);
    else for (const [id, input] of images) this.#inputs.set(id, input);
  }

  /** Tokens of some images as a batch, in the current scope. With residual adapters differentiable. */
  get(ids: readonly string[]): Encoded {
    if (this.#cache) return this.#cache.batch(ids);
    return this.#detector.encode(ids.map((id) => this.#inputs.get(id)!));
  }

  release(): void {
    this.#cache?.release();
    this.#inputs.clear();
  }
}
