import { unlessStopped } from '../base/turn.ts';
import { copyInto, imageOf } from '../fusion/batches.ts';
import { arraysOf, encodedOf } from '../fusion/features.ts';
import type { Encoded } from '../fusion/index.ts';
import { GpuArray } from '../gpu/array.ts';
import type { Detector } from './detector.ts';

/** Preprocessed images [3, S, S] by id that go through the backbone together. */
export type ImageBatch = ReadonlyMap<string, Float32Array<ArrayBuffer>>;

/** How a cache is filled. */
export interface FillOptions {
  /** Images in all. */
  readonly total?: number;
  /** Told how many images are done, and of how many. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Fixed memory for batches of one size, which is filled again for each: what a recorded step reads. */
export interface FeatureBatch {
  /** Puts these images into the batch, as many as it has room for. */
  fill(ids: readonly string[]): void;
  /** What the backbone says of them; where it is not frozen computed here, in the current scope, and differentiable. */
  encoded(): Encoded;
  /** Frees the memory of the GPU. */
  release(): void;
}

/** One image's arrays [1, ...] on the GPU by name. */
type CachedImage = ReadonlyMap<string, GpuArray>;

/**
 * What the backbone says of images that are used again and again. Where it is frozen that is computed once and kept on the
 * GPU, at the model's `encodedBytes` an image; with residual adapters the images themselves are kept, and tokens are computed
 * when asked for.
 */
export class FeatureCache {
  readonly #detector: Detector;
  readonly #images = new Map<string, CachedImage>();
  readonly #inputs = new Map<string, Float32Array<ArrayBuffer>>();

  constructor(detector: Detector) {
    this.#detector = detector;
  }

  /** Bytes on the GPU that one image will take. */
  static bytesPerImage({ method, vision, needs }: Detector): number {
    return method.frozen ? method.encodedBytes + (needs.guide ? 12 * vision.size ** 2 : 0) : 0;
  }

  /** Takes images pass by pass, and waits for the GPU after each, so that no more than one is under way. */
  async fill(
    batches: Iterable<ImageBatch> | AsyncIterable<ImageBatch>,
    { total = 0, onProgress, signal }: FillOptions = {},
  ): Promise<void> {
    let done = 0;
    const detector = this.#detector;
    if (total > 0) onProgress?.(0, total);
    for await (const batch of passes(batches, detector)) {
      signal?.throwIfAborted();
      if (detector.method.frozen) {
        const encode = () => {
          const parts = arraysOf(detector.encodeShared([...batch.values()]));
          for (const array of parts.values()) imageOf(array, 0);
        };
        await detector.prepare(`features of ${batch.size}`, encode, signal);
      }
      this.add(batch);
      await unlessStopped(detector.gpu.idle(), signal);
      done += batch.size;
      onProgress?.(done, total);
    }
  }

  /** Takes one batch of images. */
  add(images: ImageBatch): void {
    const detector = this.#detector;
    if (!detector.method.frozen) {
      for (const [id, input] of images) this.#inputs.set(id, input);
      return;
    }
    using _scope = detector.gpu.scope();
    const parts = arraysOf(detector.encodeShared([...images.values()]));
    [...images.keys()].forEach((id, i) => {
      this.#drop(id);
      this.#images.set(id, new Map([...parts].map(([name, array]) => [name, imageOf(array, i).keep()])));
    });
  }

  /** Tokens of some images as a batch, in the current scope. With residual adapters differentiable. */
  get(ids: readonly string[]): Encoded {
    if (!this.#detector.method.frozen) return this.#detector.encode(ids.map((id) => this.#inputs.get(id)!));
    const room = this.#room(ids.length);
    this.#copy(room, ids);
    return room;
  }

  /** A batch of `count` images, of which some must be there already; the caller releases it. */
  batch(count: number): FeatureBatch {
    const { gpu, vision, method } = this.#detector;
    using _scope = gpu.scope();
    if (method.frozen) {
      const room = this.#room(count);
      for (const array of arraysOf(room).values()) array.keep();
      return {
        fill: (ids) => this.#copy(room, ids),
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
      encoded: () => method.encode(images),
      release: () => images.release(),
    };
  }

  /** Frees the memory of the GPU. */
  release(): void {
    for (const id of [...this.#images.keys()]) this.#drop(id);
    this.#inputs.clear();
  }

  /** Room for what is kept of `count` images, in the current scope. */
  #room(count: number): Encoded {
    const [[, image]] = this.#images;
    const { gpu } = this.#detector;
    return encodedOf(
      new Map(Array.from(image, ([name, { shape }]) => [name, GpuArray.empty(gpu, [count, ...shape.slice(1)])])),
    );
  }

  /** Writes what is kept of some images into a batch of that many. */
  #copy(batch: Encoded, ids: readonly string[]): void {
    const images = ids.map((id) => this.#images.get(id)!);
    for (const [name, array] of arraysOf(batch)) {
      copyInto(
        array,
        images.map((image) => image.get(name)!),
      );
    }
  }

  #drop(id: string): void {
    for (const array of this.#images.get(id)?.values() ?? []) array.release();
    this.#images.delete(id);
  }
}

/** Batches in pieces that go through the backbone at a time. */
async function* passes(
  batches: Iterable<ImageBatch> | AsyncIterable<ImageBatch>,
  detector: Detector,
): AsyncGenerator<ImageBatch> {
  for await (const batch of batches) {
    const images = [...batch];
    const count = detector.passOf(images.length);
    for (let start = 0; start < images.length; start += count) yield new Map(images.slice(start, start + count));
  }
}
