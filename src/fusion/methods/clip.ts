import type { VisionTower } from '../../clip/index.ts';
import type { GpuArray } from '../../gpu/array.ts';
import { cosineLogits, reshape, Tensor } from '../../nn/index.ts';
import type { FeatureOptions, Features } from '../features.ts';
import { type BranchScores, oneBranch } from '../fuse.ts';
import { geometryOf, type MapGeometry } from '../maps.ts';
import { rawRows } from '../model.ts';
import { type FusionOptions, tappedLayers } from '../options.ts';
import type { BranchModel } from '../predict.ts';
import { ensembleFeatures } from '../prompts.ts';
import {
  changedScores,
  fitBranches,
  type Method,
  type ModelParts,
  type Remembered,
  type Scorer,
  UntrainedModel,
} from './method.ts';

/** What CLIP as it comes compares an image with: sentences, a bank of normal patches, or both. */
interface Compared {
  readonly text: boolean;
  readonly bank: boolean;
}

/**
 * CLIP as it comes; nothing is trained. With text Z = softmax_y(bilinear(t · ⟨ln_post(p_i) · proj, T⟩)) of the last block's
 * patches, by CLIP's own projection, and the image score is P(abnormal) of the image embedding. With a bank
 * S = Σ_l upsample(min_m (1 − cos(p_i, bank_m))) on raw tokens, which is APRIL-GAN's. With both the map is their fusion,
 * and the image score that of the text plus the largest value of S.
 */
class Clip extends UntrainedModel implements BranchModel {
  readonly geometry: MapGeometry;
  readonly #compared: Compared;
  readonly #layers: readonly number[];
  readonly #text: GpuArray | null;
  readonly #vision: VisionTower;

  /** @param text features [2, E], normalised; released with the model */
  constructor(parts: ModelParts, compared: Compared, text: GpuArray | null) {
    const { vision, options } = parts;
    super(parts, needs(compared, options, vision.config.vision.layers));
    this.geometry = geometryOf(vision);
    this.#compared = compared;
    this.#layers = tappedLayers(options, vision.config.vision.layers);
    this.#text = text;
    this.#vision = vision;
  }

  textFeatures(): Tensor | null {
    return this.#text && new Tensor(this.#text);
  }

  logits(features: Features, text: Tensor): Tensor[] {
    const { patches } = features.get(this.#vision.config.vision.layers)!;
    const embeddings = this.#vision.project(patches);
    const [batch, tokens, embed] = embeddings.shape;
    return [cosineLogits(reshape(embeddings, [batch * tokens, embed]), text, this.options.temperature)];
  }

  bankRows(features: Features, withCls: boolean): ReadonlyMap<string, GpuArray> {
    return this.#compared.bank ? rawRows(features, this.#layers, withCls) : new Map();
  }

  fit(support: Remembered): Scorer {
    const remembered = this.#compared.bank ? support : [];
    return changedScores(fitBranches(this.gpu, this, remembered, this.#text), (scores) => this.#own(scores));
  }

  release(): void {
    this.#text?.release();
  }

  #own(scores: BranchScores): BranchScores {
    const { zeroMap, zeroMean, fewMap, fewMean, clsScore } = scores;
    if (!clsScore) return oneBranch(fewMap, fewMean);
    if (!this.#compared.bank) return oneBranch(zeroMap, zeroMean, Float32Array.from(clsScore));
    const pixels = fewMap.length / clsScore.length;
    const ownScore = Float32Array.from(clsScore, (p, i) =>
      fewMap.subarray(i * pixels, (i + 1) * pixels).reduce((most, v) => Math.max(most, p + v), 0),
    );
    return { ...scores, clsScore: null, ownScore };
  }
}

function needs({ text, bank }: Compared, options: FusionOptions, blocks: number): FeatureOptions {
  const layers = new Set([...(bank ? tappedLayers(options, blocks) : []), ...(text ? [blocks] : [])]);
  return text
    ? { layers: [...layers], tokens: 'raw', embedding: true }
    : { layers: [...layers], tokens: options.tokens };
}

function clip(compared: Compared): Method {
  return {
    needs: (options, blocks) => needs(compared, options, blocks),
    create: async (parts) => new Clip(parts, compared, compared.text ? (await ensembleFeatures(parts)).keep() : null),
  };
}

/** `--method clip-text` */
export const clipText: Method = clip({ text: true, bank: false });

/** `--method clip-memory` */
export const clipMemory: Method = clip({ text: false, bank: true });

/** `--method clip-both` */
export const clipBoth: Method = clip({ text: true, bank: true });
