import type { VisionTower } from '../../clip/index.ts';
import type { GpuArray } from '../../gpu/array.ts';
import { cosineLogits, reshape, Tensor } from '../../nn/index.ts';
import type { FeatureOptions, Features } from '../features.ts';
import { oneBranch } from '../fuse.ts';
import { geometryOf, type MapGeometry } from '../losses.ts';
import type { FusionOptions } from '../options.ts';
import type { BranchModel } from '../predict.ts';
import { ensembleFeatures } from '../prompts.ts';
import {
  changedScores,
  fitBranches,
  type Scorer,
  type Method,
  type ModelParts,
  UntrainedModel,
} from './method.ts';

/** Z = softmax_y(bilinear(t · ⟨ln_post(p_i) · proj, T⟩)) of the last block's patches, with CLIP's own projection. */
export class TextBranch implements BranchModel {
  readonly options: FusionOptions;
  readonly geometry: MapGeometry;
  readonly #vision: VisionTower;
  readonly #text: GpuArray;

  constructor({ vision, options }: Pick<ModelParts, 'vision' | 'options'>, text: GpuArray) {
    this.options = options;
    this.geometry = geometryOf(vision);
    this.#vision = vision;
    this.#text = text;
  }

  textFeatures(): Tensor {
    return new Tensor(this.#text);
  }

  logits(features: Features, text: Tensor): Tensor[] {
    const { patches } = features.get(this.#vision.config.vision.layers)!;
    const embeddings = this.#vision.project(patches);
    const [batch, tokens, embed] = embeddings.shape;
    return [cosineLogits(reshape(embeddings, [batch * tokens, embed]), text, this.options.temperature)];
  }

  bankRows(): ReadonlyMap<string, GpuArray> {
    return new Map();
  }
}

/** CLIP as it comes: the image score is P(abnormal) of the image embedding, the map that of the patches. */
class ClipText extends UntrainedModel {
  readonly #text: GpuArray;
  readonly #branch: TextBranch;

  constructor(parts: ModelParts, text: GpuArray) {
    super(parts, needs(parts.options, parts.vision.config.vision.layers));
    this.#text = text;
    this.#branch = new TextBranch(parts, text);
  }

  fit(): Scorer {
    const scorer = fitBranches(this.gpu, this.#branch, [], this.#text);
    return changedScores(scorer, ({ zeroMap, zeroMean, clsScore }) =>
      oneBranch(zeroMap, zeroMean, Float32Array.from(clsScore!)),
    );
  }

  release(): void {
    this.#text.release();
  }
}

function needs(_: FusionOptions, blocks: number): FeatureOptions {
  return { layers: [blocks], tokens: 'raw', embedding: true };
}

/** `--method clip-text` */
export const clipText: Method = {
  needs,
  create: async (parts) => new ClipText(parts, (await ensembleFeatures(parts)).keep()),
};
