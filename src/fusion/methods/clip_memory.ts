import type { GpuArray } from '../../gpu/array.ts';
import type { Tensor } from '../../nn/index.ts';
import type { FeatureOptions, Features } from '../features.ts';
import { oneBranch } from '../fuse.ts';
import { geometryOf, type MapGeometry } from '../losses.ts';
import { rawRows } from '../model.ts';
import { type FusionOptions, tappedLayers } from '../options.ts';
import type { BranchModel } from '../predict.ts';
import {
  changedScores,
  fitBranches,
  type Scorer,
  type Method,
  type ModelParts,
  type Remembered,
  UntrainedModel,
} from './method.ts';

/** S = Σ_l upsample(min_m (1 − cos(p_i, bank_m))) on raw tokens: APRIL-GAN's bank, and no text. */
export class MemoryBranch implements BranchModel {
  readonly options: FusionOptions;
  readonly geometry: MapGeometry;
  readonly #layers: readonly number[];

  constructor({ vision, options }: Pick<ModelParts, 'vision' | 'options'>) {
    this.options = options;
    this.geometry = geometryOf(vision);
    this.#layers = tappedLayers(options, vision.config.vision.layers);
  }

  textFeatures(): null {
    return null;
  }

  logits(): Tensor[] {
    return [];
  }

  bankRows(features: Features, withCls: boolean): ReadonlyMap<string, GpuArray> {
    return rawRows(features, this.#layers, withCls);
  }
}

/** The nearest normal patch alone; nothing is trained and no word is read. */
class ClipMemory extends UntrainedModel {
  readonly #branch: MemoryBranch;

  constructor(parts: ModelParts) {
    super(parts, needs(parts.options, parts.vision.config.vision.layers));
    this.#branch = new MemoryBranch(parts);
  }

  fit(support: Remembered): Scorer {
    const scorer = fitBranches(this.gpu, this.#branch, support);
    return changedScores(scorer, ({ fewMap, fewMean }) => oneBranch(fewMap, fewMean));
  }

  release(): void {}
}

function needs(options: FusionOptions, blocks: number): FeatureOptions {
  return { layers: tappedLayers(options, blocks), tokens: options.tokens };
}

/** `--method clip-memory` */
export const clipMemory: Method = { needs, create: async (parts) => new ClipMemory(parts) };
