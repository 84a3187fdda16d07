import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { addInto, scale } from '../kernels/elementwise.ts';
import { matmul } from '../kernels/matmul.ts';
import { bilinearResize } from '../kernels/resize.ts';
import { l2Normalize, softmax, Tensor } from '../nn/index.ts';
import type { LayerTokens } from './adapters.ts';
import type { Features } from './features.ts';
import { type BranchScores, blurMaps } from './fuse.ts';
import { alignOf, probabilityMap } from './losses.ts';
import { MemoryBank } from './memory_bank.ts';
import type { FusionModel } from './model.ts';

/** Both branches of a batch, on the host; grids are the values before upsampling. */
export interface Prediction extends BranchScores {
  /** Z on the patch grid [B, N]. */
  readonly zeroGrid: Float32Array<ArrayBuffer>;
  /** S on the patch grid [B, N]. */
  readonly fewGrid: Float32Array<ArrayBuffer>;
}

/** A trained model ready to score images: text features are computed once, normals are in the bank. */
export class Predictor {
  readonly #gpu: Gpu;
  readonly #model: FusionModel;
  readonly #bank: MemoryBank;
  readonly #text: GpuArray;
  /** Picks the abnormal column of [.., 2]. */
  readonly #abnormal: GpuArray;
  readonly #ensemble: GpuArray | null;

  /**
   * @param ensemble [2, E] text features for the class token's score (`score.cls`), or null
   * @param text the model's text features, where they are at hand
   */
  constructor(gpu: Gpu, model: FusionModel, ensemble: GpuArray | null = null, text: GpuArray | null = null) {
    this.#gpu = gpu;
    this.#model = model;
    this.#bank = new MemoryBank(gpu);
    using _scope = gpu.scope();
    this.#text = copyOf(text ?? model.textFeatures().value).keep();
    this.#abnormal = GpuArray.from(gpu, Float32Array.of(0, 1), [2, 1]).keep();
    this.#ensemble = ensemble;
  }

  /** Puts the tokens of normal support images into the memory bank; one call is one entry for leave-one-out. */
  remember(features: Features): void {
    using _scope = this.#gpu.scope();
    for (const [key, rows] of this.#queries(features, this.#model.options['memory.cls'])) {
      this.#bank.add(key, copyOf(rows));
    }
  }

  /**
   * Scores a batch.
   * @param embedding image embeddings [B, E] for `score.cls`
   * @param skip entry of the bank to leave out
   */
  async predict(
    features: Features,
    embedding: GpuArray | null = null,
    skip: number | null = null,
  ): Promise<Prediction> {
    using _scope = this.#gpu.scope();
    const { options, geometry, paths } = this.#model;
    const { grid, size } = geometry;
    const logits = this.#model.logits(features, new Tensor(this.#text));
    let zeroMap: GpuArray | null = null;
    let zeroGrid: GpuArray | null = null;
    const weights = { gal: options['branch.weights'][0], loc: options['branch.weights'][1] ?? 1 };
    logits.forEach((z, k) => {
      const weight = weights[paths[k].branch];
      const map = probabilityMap(z, options, geometry).value;
      const cells = softmax(z).value;
      if (zeroMap && zeroGrid) {
        addInto(zeroMap, map, weight);
        addInto(zeroGrid, cells, weight);
      } else {
        zeroMap = weight === 1 ? map : scale(map, weight);
        zeroGrid = weight === 1 ? cells : scale(cells, weight);
      }
    });
    const batch = logits[0].shape[0] / (grid * grid);
    const fewGrid = this.#bank.distance(this.#queries(features, false), skip);
    const fewMap = bilinearResize(fewGrid.reshape([batch, grid, grid, 1]), [size, size], alignOf(options, geometry));
    const column = (pairs: GpuArray) => matmul(pairs.reshape([pairs.size / 2, 2]), this.#abnormal);
    const zero = await column(zeroMap!).read();
    const few = await fewMap.read();
    const zeroCells = await column(zeroGrid!).read();
    const fewCells = await fewGrid.read();
    return {
      zeroMap: blurMaps(zero, size, options['map.blur']),
      fewMap: blurMaps(few, size, options['map.blur']),
      zeroGrid: zeroCells,
      fewGrid: fewCells,
      zeroMean: rowMeans(zeroCells, batch),
      fewMean: rowMeans(fewCells, batch),
      clsScore: embedding && this.#ensemble ? await this.#clsScore(embedding, this.#ensemble) : null,
    };
  }

  release(): void {
    this.#bank.release();
    this.#text.release();
    this.#abnormal.release();
  }

  /** Rows that are compared with the bank, by key: raw tokens by layer, or adapted ones by branch and layer. */
  #queries(features: Features, withCls: boolean): Map<string, GpuArray> {
    const model = this.#model;
    const out = new Map<string, GpuArray>();
    const tokens = (layer: number): LayerTokens => features.get(layer)!;
    if (model.options['memory.features'] === 'raw') {
      for (const layer of model.layers) {
        const { cls, patches } = tokens(layer);
        out.set(`raw.${layer}`, withCls ? joinRows(cls.value, patches.value) : patches.value);
      }
      return out;
    }
    for (const path of model.paths) {
      const { cls, patches } = tokens(path.layer);
      const adapted = model.adapt({ cls, patches }, path).value;
      const [batch, , width] = patches.shape;
      const own = { cls, patches: new Tensor(cls.value.reshape([batch, 1, width])) };
      out.set(`${path.branch}.${path.layer}`, withCls ? joinRows(model.adapt(own, path).value, adapted) : adapted);
    }
    return out;
  }

  /** P(abnormal) of the image embedding against the sentence ensemble: softmax(100 · cos). */
  async #clsScore(embedding: GpuArray, ensemble: GpuArray): Promise<Float32Array<ArrayBuffer>> {
    const unit = l2Normalize(new Tensor(embedding)).value;
    const logits = matmul(unit, ensemble, { transposeB: true, alpha: this.#model.options.temperature });
    const prob = await softmax(new Tensor(logits)).read();
    return Float32Array.from({ length: prob.length / 2 }, (_, i) => prob[2 * i + 1]);
  }
}

/** Rows of two arrays one after the other: [a.rows + b.rows, W]. */
function joinRows(a: GpuArray, b: GpuArray): GpuArray {
  const out = GpuArray.empty(a.gpu, [a.rows + b.rows, a.width]);
  const part = (from: GpuArray, offset: number) =>
    a.gpu.copy(
      { buffer: from.buffer, offset: from.offset, bytes: 4 * from.size },
      { buffer: out.buffer, offset, bytes: 4 * from.size },
    );
  part(a, 0);
  part(b, 4 * a.size);
  return out;
}

function copyOf(a: GpuArray): GpuArray {
  const out = GpuArray.empty(a.gpu, [a.rows, a.width]);
  a.gpu.copy(
    { buffer: a.buffer, offset: a.offset, bytes: 4 * a.size },
    { buffer: out.buffer, offset: 0, bytes: 4 * a.size },
  );
  return out;
}

/** Means of `batch` equal parts, summed in float64. */
function rowMeans(values: Float32Array, batch: number): Float32Array<ArrayBuffer> {
  const length = values.length / batch;
  return Float32Array.from({ length: batch }, (_, b) => {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += values[b * length + i];
    return sum / length;
  });
}
