import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { copyElements } from '../kernels/copy.ts';
import { addInto, scale } from '../kernels/elementwise.ts';
import { matmul } from '../kernels/matmul.ts';
import { bilinearResize } from '../kernels/resize.ts';
import { cosineLogits, softmax, Tensor } from '../nn/index.ts';
import type { Encoded, Features } from './features.ts';
import { type BranchScores, blurMaps } from './fuse.ts';
import { alignOf, type MapGeometry, probabilityMap, refineMaps } from './maps.ts';
import { MemoryBank } from './memory_bank.ts';
import type { FusionOptions } from './options.ts';

/** Both branches of a batch, on the host; grids are the values before upsampling. */
export interface Prediction extends BranchScores {
  /** Z on the patch grid [B, N]. */
  readonly zeroGrid: Float32Array<ArrayBuffer>;
  /** S on the patch grid [B, N]. */
  readonly fewGrid: Float32Array<ArrayBuffer>;
}

/** What turns features into both branches: Z from similarities to the text, S from distances to a bank. */
export interface BranchModel {
  readonly options: FusionOptions;
  readonly geometry: MapGeometry;
  /** Text features, rows normalised; null where no text is read: then Z is 0. */
  textFeatures(): Tensor | null;
  /** Logits [B·N, 2] whose maps are summed to Z. */
  logits(features: Features, text: Tensor): readonly Tensor[];
  /** Weights of these maps; 1 where there is none. */
  readonly mapWeights?: readonly number[];
  /** Rows [n, D] that are compared with the bank, by key; without any S is 0. */
  bankRows(features: Features, withCls: boolean): ReadonlyMap<string, GpuArray>;
}

/** A model ready to score images: text features are computed once, normals are in the bank. */
export class BranchScorer {
  readonly #gpu: Gpu;
  readonly #model: BranchModel;
  /** Features of the normal support images. */
  readonly bank: MemoryBank;
  readonly #text: GpuArray | null;
  /** Picks the abnormal column of [.., 2]. */
  readonly #abnormal: GpuArray;
  readonly #ensemble: GpuArray | null;

  /**
   * @param ensemble [2, E] text features for the class token's score, or null
   * @param text the model's text features, where they are at hand
   * @param bank of support images that were remembered before; released with this
   */
  constructor(
    gpu: Gpu,
    model: BranchModel,
    ensemble: GpuArray | null = null,
    text: GpuArray | null = null,
    bank: MemoryBank = new MemoryBank(gpu),
  ) {
    this.#gpu = gpu;
    this.#model = model;
    this.bank = bank;
    using _scope = gpu.scope();
    const features = text ?? model.textFeatures()?.value;
    this.#text = features ? copyOf(features).keep() : null;
    this.#abnormal = GpuArray.from(gpu, Float32Array.of(0, 1), [2, 1]).keep();
    this.#ensemble = ensemble;
  }

  /** Puts the tokens of normal support images into the memory bank; one call is one entry for leave-one-out. */
  remember({ features }: Encoded): void {
    using _scope = this.#gpu.scope();
    for (const [key, rows] of this.#model.bankRows(features, this.#model.options['memory.cls'])) {
      this.bank.add(key, copyOf(rows));
    }
  }

  /**
   * Scores a batch.
   * @param skip entry of the bank to leave out
   */
  async score({ features, embedding, guide }: Encoded, skip: number | null = null): Promise<Prediction> {
    using job = this.#gpu.job();
    const { options, geometry } = this.#model;
    const { grid, size, std } = geometry;
    const blur = (maps: Float32Array<ArrayBuffer>) => blurMaps(maps, size, options['map.blur']);
    const refined = <T extends { map: GpuArray }>(branch: T | null) =>
      branch && { ...branch, map: refineMaps(branch.map, guide, options, std) };
    const [zero, few, cls] = job.do(() => [
      refined(this.#zeroShot(features)),
      refined(this.#fewShot(features, skip)),
      embedding && this.#ensemble ? abnormalPairs(embedding, this.#ensemble, options.temperature) : null,
    ]);
    const batch = (zero?.grid ?? few!.grid).size / grid ** 2;
    const parts = await readTogether(this.#gpu, [zero?.map, few?.map, zero?.grid, few?.grid, cls]);
    const [zeroMap, fewMap] = parts.slice(0, 2).map((map) => (map ? blur(map) : new Float32Array(batch * size ** 2)));
    const [zeroGrid, fewGrid] = parts.slice(2, 4).map((cells) => cells ?? new Float32Array(batch * grid ** 2));
    return {
      zeroMap,
      fewMap,
      zeroGrid,
      fewGrid,
      zeroMean: imageMeans(zeroGrid, batch),
      fewMean: imageMeans(fewGrid, batch),
      zeroPeak: zero?.peak ?? 0,
      clsScore: parts[4] ? secondOf(parts[4]) : null,
    };
  }

  /** Frees the memory of the GPU. */
  release(): void {
    this.bank.release();
    this.#text?.release();
    this.#abnormal.release();
  }

  /** Z as a map [B·S·S, 1] and on the patch grid [B·N, 1], and the largest value that it can take. */
  #zeroShot(features: Features): { map: GpuArray; grid: GpuArray; peak: number } | null {
    const { options, geometry, mapWeights } = this.#model;
    if (!this.#text) return null;
    const logits = this.#model.logits(features, new Tensor(this.#text));
    const weights = logits.map((_, k) => mapWeights?.[k] ?? 1);
    const column = (pairs: GpuArray) => matmul(pairs.reshape([pairs.size / 2, 2]), this.#abnormal);
    return {
      map: column(
        weightedSum(
          logits.map((z) => probabilityMap(z, options, geometry).value),
          weights,
        ),
      ),
      grid: column(
        weightedSum(
          logits.map((z) => softmax(z).value),
          weights,
        ),
      ),
      peak: weights.reduce((a, b) => a + b, 0),
    };
  }

  /** S as a map [B, S, S, 1] and on the patch grid [B·N]. */
  #fewShot(features: Features, skip: number | null): { map: GpuArray; grid: GpuArray } | null {
    const { options, geometry } = this.#model;
    const queries = this.#model.bankRows(features, false);
    if (queries.size === 0) return null;
    const cells = this.bank.distance(queries, skip);
    const { grid, size } = geometry;
    const shaped = cells.reshape([cells.size / grid ** 2, grid, grid, 1]);
    return { map: bilinearResize(shaped, [size, size], alignOf(options, geometry)), grid: cells };
  }
}

/**
 * Probabilities of "normal" and "abnormal" of embeddings [..., E] against normalised text features [2, E]:
 * softmax(temperature · cos), [rows, 2]. {@link secondOf} gives those of "abnormal" when they are read.
 */
export function abnormalPairs(embeddings: GpuArray, text: GpuArray, temperature: number): GpuArray {
  const rows = embeddings.reshape([embeddings.rows, embeddings.width]);
  return softmax(cosineLogits(new Tensor(rows), new Tensor(text), temperature)).value;
}

/** The second column of pairs [rows, 2]. */
export function secondOf(pairs: Float32Array): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: pairs.length / 2 }, (_, i) => pairs[2 * i + 1]);
}

/** Values of several arrays on the host by one wait for the GPU; what is not there stays so. */
export async function readTogether(
  gpu: Gpu,
  arrays: readonly (GpuArray | null | undefined)[],
): Promise<(Float32Array<ArrayBuffer> | null)[]> {
  using job = gpu.job();
  const reading = job.do(() => {
    const all = GpuArray.empty(gpu, [arrays.reduce((sum, array) => sum + (array?.size ?? 0), 0)]);
    let toAt = 0;
    for (const array of arrays) {
      if (!array) continue;
      copyElements(array, all, { toAt });
      toAt += array.size;
    }
    return all.read();
  });
  const values = await reading;
  let at = 0;
  return arrays.map((array) => {
    if (!array) return null;
    at += array.size;
    return values.slice(at - array.size, at);
  });
}

/** Means of `batch` equal parts, summed in float64. */
export function imageMeans(values: Float32Array, batch: number): Float32Array<ArrayBuffer> {
  const length = values.length / batch;
  return Float32Array.from({ length: batch }, (_, b) => {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += values[b * length + i];
    return sum / length;
  });
}

/** Rows of two arrays one after the other: [a.rows + b.rows, W]. */
export function joinRows(a: GpuArray, b: GpuArray): GpuArray {
  const out = GpuArray.empty(a.gpu, [a.rows + b.rows, a.width]);
  copyElements(a, out);
  copyElements(b, out, { toAt: a.size });
  return out;
}

/** Σ weight_k · array_k; the first array may be overwritten. */
function weightedSum(arrays: readonly GpuArray[], weights: readonly number[]): GpuArray {
  const total = weights[0] === 1 ? arrays[0] : scale(arrays[0], weights[0]);
  arrays.slice(1).forEach((array, k) => {
    addInto(total, array, weights[k + 1]);
  });
  return total;
}

/** The same values as rows [n, W] in memory of their own. */
export function copyOf(a: GpuArray): GpuArray {
  const out = GpuArray.empty(a.gpu, [a.rows, a.width]);
  copyElements(a, out);
  return out;
}
