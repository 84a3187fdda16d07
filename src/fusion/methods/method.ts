import type { TextTower, Tokenizer, VisionTower } from '../../clip/index.ts';
import type { DatasetKind } from '../../data/layout/dataset.ts';
import type { GpuArray } from '../../gpu/array.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Parameter } from '../../nn/index.ts';
import { type Encoded, encodedBytes, extractFeatures, type FeatureOptions } from '../features.ts';
import type { BranchScores } from '../fuse.ts';
import type { FusionLoss, Targets } from '../losses.ts';
import { MemoryBank } from '../memory_bank.ts';
import type { FusionOptions } from '../options.ts';
import { type BranchModel, BranchScorer } from '../predict.ts';
import type { KnownEnsembles } from '../prompts.ts';

/** What a method on a CLIP backbone is made of. */
export interface ModelParts {
  readonly gpu: Gpu;
  readonly vision: VisionTower;
  readonly text: TextTower;
  readonly tokenizer: Tokenizer;
  readonly options: FusionOptions;
  /** `pixel`: sets with masks; `image`: sets with labels only. */
  readonly kind: DatasetKind;
  /** What the images show, e.g. `Brain`. */
  readonly object: string;
  /** Seed of the initial weights. */
  readonly seed: number;
  /** Features of sentences that another method on the same text tower may have computed. */
  readonly ensembles?: KnownEnsembles | null;
  /** Ends the making. */
  readonly signal?: AbortSignal;
}

/**
 * The normal support images, one entry for each with all its views (an entry is used before the next one is asked for), or a bank
 * that was made of them before: the scorer takes it over.
 */
export type Remembered = Iterable<Encoded> | MemoryBank;

/** Scores images; made by {@link Model.fit}. */
export interface Scorer {
  /** What it remembers of the support images; null where that is nothing. */
  readonly bank: MemoryBank | null;
  /**
   * The scores of images.
   * @param skip index of the support image to leave out of what the scorer remembers
   */
  score(images: Encoded, skip?: number | null): Promise<BranchScores>;
  /** Frees the memory of the GPU. */
  release(): void;
}

/**
 * A way to find anomalies with frozen towers. Whoever trains it minimises `loss` over `parameters`; then `fit`
 * takes the normal support images in and gives what scores others.
 */
export interface Model {
  /** All tensors that training changes or that inference needs; none where nothing is trained. */
  readonly parameters: readonly Parameter[];
  /** What it takes of the backbone. */
  readonly needs: FeatureOptions;
  /** Bytes on the GPU that {@link encode} leaves of one image. */
  readonly encodedBytes: number;
  /** Whether the backbone says the same of an image whatever the parameters are. */
  readonly frozen: boolean;
  /**
   * What the backbone says of preprocessed images; differentiable where it is not frozen and a tape records.
   * @param images [B, 3, S, S]
   * @param needs a part of the property of that name where not all of it is wanted; more may come
   */
  encode(images: GpuArray, needs?: FeatureOptions): Encoded;
  /** The training loss; throws where nothing is trained. */
  loss(images: Encoded, targets: Targets): FusionLoss;
  /**
   * A scorer with the parameters of now.
   */
  fit(support: Remembered): Scorer;
  /** Frees the memory of the GPU. */
  release(): void;
}

/** An implementation on a CLIP backbone: what it needs before it exists, and how it is made. */
export interface Method {
  /** What the method takes of the model, under these options. */
  needs(options: FusionOptions, blocks: number): FeatureOptions;
  /** Makes the method, with initial weights. */
  create(parts: ModelParts): Promise<Model>;
}

/** The parts of a {@link Model} that a method without training, on a frozen backbone, does not have to write. */
export abstract class UntrainedModel implements Model {
  readonly parameters: readonly Parameter[] = [];
  readonly frozen = true;
  readonly needs: FeatureOptions;
  readonly gpu: Gpu;
  readonly vision: VisionTower;
  readonly options: FusionOptions;

  constructor({ gpu, vision, options }: ModelParts, needs: FeatureOptions) {
    this.gpu = gpu;
    this.vision = vision;
    this.options = options;
    this.needs = needs;
  }

  get encodedBytes(): number {
    return encodedBytes(this.vision, this.needs);
  }

  encode(images: GpuArray, needs = this.needs): Encoded {
    return extractFeatures(this.vision, images, needs);
  }

  loss(): FusionLoss {
    throw new Error('this method has nothing to train');
  }

  abstract fit(support: Remembered): Scorer;
  abstract release(): void;
}

/** A predictor of both branches with the support images in its bank. */
export function fitBranches(
  gpu: Gpu,
  model: BranchModel,
  support: Remembered,
  ensemble: GpuArray | null = null,
): BranchScorer {
  if (support instanceof MemoryBank) return new BranchScorer(gpu, model, ensemble, null, support);
  const predictor = new BranchScorer(gpu, model, ensemble);
  try {
    for (const entry of support) predictor.remember(entry);
    return predictor;
  } catch (error) {
    predictor.release();
    throw error;
  }
}

/** A scorer whose scores are changed by `change`, e.g. given an image score of the method's own. */
export function changedScores<S extends BranchScores>(
  scorer: Pick<Scorer, 'bank' | 'release'> & { score(images: Encoded, skip?: number | null): Promise<S> },
  change: (scores: S) => BranchScores,
): Scorer {
  return {
    bank: scorer.bank,
    score: async (images, skip = null) => change(await scorer.score(images, skip)),
    release: () => scorer.release(),
  };
}
