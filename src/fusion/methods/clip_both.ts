import type { GpuArray } from '../../gpu/array.ts';
import type { Tensor } from '../../nn/index.ts';
import type { FeatureOptions, Features } from '../features.ts';
import type { MapGeometry } from '../losses.ts';
import { type FusionOptions, tappedLayers } from '../options.ts';
import type { BranchModel } from '../predict.ts';
import { ensembleFeatures } from '../prompts.ts';
import { MemoryBranch } from './clip_memory.ts';
import { TextBranch } from './clip_text.ts';
import {
  changedScores,
  fitBranches,
  type Scorer,
  type Method,
  type ModelParts,
  type Remembered,
  UntrainedModel,
} from './method.ts';

/** Z of clip-text and S of clip-memory. */
class BothBranches implements BranchModel {
  readonly options: FusionOptions;
  readonly geometry: MapGeometry;
  readonly #text: TextBranch;
  readonly #memory: MemoryBranch;

  constructor(parts: ModelParts, text: GpuArray) {
    this.options = parts.options;
    this.#text = new TextBranch(parts, text);
    this.#memory = new MemoryBranch(parts);
    this.geometry = this.#text.geometry;
  }

  textFeatures(): Tensor {
    return this.#text.textFeatures();
  }

  logits(features: Features, text: Tensor): Tensor[] {
    return this.#text.logits(features, text);
  }

  bankRows(features: Features, withCls: boolean): ReadonlyMap<string, GpuArray> {
    return this.#memory.bankRows(features, withCls);
  }
}

/** The map is the fusion of Z and S, the image score P(abnormal) of the image embedding plus the largest value of S. */
class ClipBoth extends UntrainedModel {
  readonly #text: GpuArray;
  readonly #branches: BothBranches;

  constructor(parts: ModelParts, text: GpuArray) {
    super(parts, needs(parts.options, parts.vision.config.vision.layers));
    this.#text = text;
    this.#branches = new BothBranches(parts, text);
  }

  fit(support: Remembered): Scorer {
    const scorer = fitBranches(this.gpu, this.#branches, support, this.#text);
    return changedScores(scorer, (scores) => {
      const { fewMap, clsScore } = scores;
      const pixels = fewMap.length / clsScore!.length;
      const ownScore = Float32Array.from(clsScore!, (p, i) =>
        fewMap.subarray(i * pixels, (i + 1) * pixels).reduce((most, v) => Math.max(most, p + v), 0),
      );
      return { ...scores, clsScore: null, ownScore };
    });
  }

  release(): void {
    this.#text.release();
  }
}

function needs(options: FusionOptions, blocks: number): FeatureOptions {
  const layers = new Set([...tappedLayers(options, blocks), blocks]);
  return { layers: [...layers], tokens: 'raw', embedding: true };
}

/** `--method clip-both` */
export const clipBoth: Method = {
  needs,
  create: async (parts) => new ClipBoth(parts, (await ensembleFeatures(parts)).keep()),
};
