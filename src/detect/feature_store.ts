import { arraysOf, FeatureCache } from '../fusion/features.ts';
import type { Encoded } from '../fusion/index.ts';
import { GpuArray } from '../gpu/array.ts';
import type { Detector } from './detector.ts';

/** Fixed memory for batches of one size, which is filled again for each: what a recorded step reads. */
export interface FeatureBatch {
  /** Puts these images into the batch, as many as it has room for. */
  fill(ids: readonly string[]): void;
  /** What the backbone says of them; where it is not frozen computed here, in the current scope, and differentiable. */
  encoded(): Encoded;
  /** Frees the memory of the GPU. */
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
    const { gpu, method } = detector;
    this.#cache = method.frozen ? new FeatureCache(gpu, (images) => detector.encodeShared(images)) : null;
  }

  /** Bytes on the GPU that one image will take. */
  static bytesPerImage({ method, vision, needs }: Detector): number {
    return method.frozen ? method.encodedBytes + (needs.guide ? 12 * vision.size ** 2 : 0) : 0;
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

  /** A batch of `count` images; the caller releases it. */
  batch(count: number): FeatureBatch {
    const { gpu, vision } = this.#detector;
    using _scope = gpu.scope();
    const cache = this.#cache;
    if (cache) {
      const room = cache.emptyBatch(count);
      for (const array of arraysOf(room).values()) array.keep();
      return {
        fill: (ids) => cache.fill(room, ids),
        encoded: () => room,
        release: () => {
          for (const array of arraysOf(room).values()) array.release();
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
      encoded: () => this.#detector.method.encode(images),
      release: () => images.release(),
    };
  }

  /** Frees the memory of the GPU. */
  release(): void {
    this.#cache?.release();
    this.#inputs.clear();
  }
}
