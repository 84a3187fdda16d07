import { arraysOf } from '../fusion/features.ts';
import type { Encoded, FeatureOptions } from '../fusion/index.ts';
import type { KnownEnsembles } from '../fusion/prompts.ts';
import type { Gpu } from '../gpu/gpu.ts';

/** What the frozen backbone said of a batch, and what of it a method had asked for. */
interface KeptBatch {
  readonly needs: FeatureOptions;
  readonly encoded: Encoded;
}

/**
 * What the frozen backbone says of the images of a data set, kept on the GPU from run to run: all runs of a study score
 * the same test images, and methods with one draw learn from the same views. Batches are kept as they were computed, so a
 * run gets the same bits whether that was for it or for another. What the text towers say of fixed sentences is kept on the
 * host.
 */
export class SharedFeatures {
  readonly #bytes: number;
  /** By the pixels of the images. */
  readonly #batches = new Map<string, KeptBatch[]>();
  /** By the text tower. */
  readonly #ensembles = new Map<string, KnownEnsembles>();
  #domain = '';
  /** Where the batches lie. */
  #gpu: Gpu | null = null;
  #used = 0;
  #hits = 0;

  /** @param bytes of GPU memory; batches that do not fit any more are computed anew by each run */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Bytes that are kept now. */
  get used(): number {
    return this.#used;
  }

  /** Batches that did not have to go through the backbone, so far. */
  get hits(): number {
    return this.#hits;
  }

  /** Ensembles of sentences that went through a text tower, so far. */
  get encodedEnsembles(): number {
    return [...this.#ensembles.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Takes note of the device of the next run: what lies on another one, which was lost, is of no use to it. */
  moveTo(gpu: Gpu): void {
    if (this.#gpu !== gpu) this.release();
    this.#gpu = gpu;
  }

  /**
   * The features of a batch, in the current scope where they are not kept.
   * @param domain all else that they depend on (model, its size and weights), and the data set; those of another domain
   * are dropped, so runs of one domain should follow each other
   * @param images preprocessed
   * @param needs what of the backbone is wanted; more may come
   */
  encode(
    domain: string,
    images: readonly Float32Array<ArrayBuffer>[],
    needs: FeatureOptions,
    compute: () => Encoded,
  ): Encoded {
    if (domain !== this.#domain) this.release();
    this.#domain = domain;
    const key = digestOf(images);
    const batches = this.#batches.get(key) ?? [];
    const kept = batches.find((one) => covers(one.needs, needs));
    if (kept) {
      this.#hits++;
      return kept.encoded;
    }
    const encoded = compute();
    const arrays = [...arraysOf(encoded).values()];
    const bytes = arrays.reduce((sum, { size }) => sum + 4 * size, 0);
    if (this.#used + bytes <= this.#bytes) {
      for (const array of arrays) array.keep();
      this.#batches.set(key, [...batches, { needs, encoded }]);
      this.#used += bytes;
    }
    return encoded;
  }

  /** Images of a domain whose features are kept. */
  count(domain: string): number {
    if (domain !== this.#domain) return 0;
    return [...this.#batches.values()].reduce(
      (sum, [{ encoded }]) => sum + [...arraysOf(encoded).values()][0].shape[0],
      0,
    );
  }

  /** Bytes that are left for features of a domain. */
  room(domain: string): number {
    return this.#bytes - (domain === this.#domain ? this.#used : 0);
  }

  /** Text features that were computed, to be looked up and added to. @param tower all that a text tower depends on */
  ensembles(tower: string): KnownEnsembles {
    const known = this.#ensembles.get(tower) ?? new Map();
    this.#ensembles.set(tower, known);
    return known;
  }

  /** Frees the memory of the GPU. */
  release(): void {
    for (const { encoded } of [...this.#batches.values()].flat()) {
      for (const array of arraysOf(encoded).values()) array.release();
    }
    this.#batches.clear();
    this.#used = 0;
  }
}

/** 64 bits of the pixels, as a text: no two batches of a study agree in them by chance. */
function digestOf(images: readonly Float32Array<ArrayBuffer>[]): string {
  let [a, b] = [images.length, 0x9e3779b1];
  for (const { buffer, byteOffset, length } of images) {
    for (const word of new Uint32Array(buffer, byteOffset, length)) {
      a = Math.imul(a ^ word, 0x01000193);
      a ^= a >>> 15;
      b = Math.imul(b ^ word, 0x85ebca6b);
      b ^= b >>> 13;
    }
  }
  return `${a} ${b}`;
}

/** Whether all that is wanted is there, with the bits of a pass for it alone. */
function covers(kept: FeatureOptions, wanted: FeatureOptions): boolean {
  const { layers, windows = [], embedding = false, ...others } = wanted;
  const { layers: has, windows: hasWindows = [], embedding: hasEmbedding = false, ...hasOthers } = kept;
  // The embedding is computed in another way where the tokens of the last block are wanted too.
  const sameEmbedding = hasEmbedding && Math.max(0, ...has) === Math.max(0, ...layers);
  return (
    layers.every((layer) => has.includes(layer)) &&
    windows.every((side) => hasWindows.includes(side)) &&
    (!embedding || sameEmbedding) &&
    JSON.stringify(others) === JSON.stringify(hasOthers)
  );
}
