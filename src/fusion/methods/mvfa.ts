import { generateTensor } from '../../clip/generate.ts';
import type { DatasetKind } from '../../data/layout/dataset.ts';
import { GpuArray } from '../../gpu/array.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { activate, cosineLogits, linear, Parameter, reshape, Tensor } from '../../nn/index.ts';
import type { Encoded, FeatureOptions, Features } from '../features.ts';
import { type FusionLoss, LossSum, type Targets } from '../losses.ts';
import { geometryOf, type MapGeometry } from '../maps.ts';
import { type FusionOptions, tappedLayers } from '../options.ts';
import { type BranchModel, imageMeans, joinRows } from '../predict.ts';
import { ensembleFeatures } from '../prompts.ts';
import { ResidualAdapters } from '../residual.ts';
import {
  changedScores,
  fitBranches,
  type Method,
  type Model,
  type ModelParts,
  type Remembered,
  type Scorer,
} from './method.ts';

/** The two adapters of a layer: one is trained with masks, one with labels. */
const HEADS = ['seg', 'det'] as const;

/** One adapter's place. */
interface Head {
  readonly branch: (typeof HEADS)[number];
  /** 1-based */
  readonly layer: number;
}

/**
 * MVFA: F = leaky(W_1 x) of all tokens of a tapped block is compared with the text and kept in the bank, and
 * leaky(W_2 F) goes back into the backbone: x ← 0.8 x + 0.1 seg + 0.1 det. Sets with masks are scored by the seg heads,
 * others by the det heads.
 */
export class Mvfa implements Model, BranchModel {
  readonly parameters: readonly Parameter[];
  readonly frozen = false;
  readonly needs: FeatureOptions;
  /** The images themselves are kept. */
  readonly encodedBytes = 0;
  readonly options: FusionOptions;
  readonly geometry: MapGeometry;
  readonly #gpu: Gpu;
  readonly #kind: DatasetKind;
  readonly #layers: readonly number[];
  readonly #text: GpuArray;
  readonly #down = new Map<string, Parameter>();
  readonly #residual: ResidualAdapters<Head>;

  constructor({ gpu, vision, options, kind, seed }: ModelParts, text: GpuArray) {
    const { embed, vision: tower } = vision.config;
    this.#gpu = gpu;
    this.#kind = kind;
    this.#text = text;
    this.options = options;
    this.geometry = geometryOf(vision);
    this.needs = needs(options, tower.layers);
    this.#layers = tappedLayers(options, tower.layers);
    const heads = HEADS.flatMap((branch) => this.#layers.map((layer): Head => ({ branch, layer })));
    // Without masks nothing trains the seg heads; they stay in the backbone's way as they began.
    const trained = ({ branch }: Head) =>
      branch === 'seg' ? kind === 'pixel' : kind === 'image' || options['loss.detOnSeg'];
    for (const head of heads) {
      const name = `mvfa.${head.branch}.${head.layer}.fc1.weight`;
      const shape = [embed, tower.width];
      const value = GpuArray.made(gpu, () => generateTensor(name, shape, seed), shape);
      this.#down.set(`${head.branch}.${head.layer}`, new Parameter(name, value, trained(head)));
    }
    this.#residual = new ResidualAdapters(gpu, vision, heads, seed, {
      name: ({ branch, layer }) => `mvfa.${branch}.${layer}.fc2.weight`,
      trained,
    });
    this.parameters = [...this.#down.values(), ...this.#residual.parameters];
  }

  encode(images: GpuArray): Encoded {
    return { features: this.#residual.features(images, ({ patches }, head) => this.adapt(patches, head)) };
  }

  /** F = leaky(W_1 x), [B, T, W] → [B, T, E]. */
  adapt(tokens: Tensor, { branch, layer }: Head): Tensor {
    return activate(linear(tokens, this.#down.get(`${branch}.${layer}`)!, null), 'leaky_relu');
  }

  textFeatures(): Tensor {
    return new Tensor(this.#text);
  }

  /** Logits of the heads that score. */
  logits(features: Features, text: Tensor): Tensor[] {
    return this.#headLogits(features, text, this.#scoring);
  }

  bankRows(features: Features, withCls: boolean): ReadonlyMap<string, GpuArray> {
    const rows = (layer: number): GpuArray => {
      const head = { branch: this.#scoring, layer };
      const { cls, patches } = features.get(layer)!;
      const adapted = this.adapt(patches, head).value;
      return withCls ? joinRows(this.adapt(cls, head).value, adapted) : adapted;
    };
    return new Map(this.#layers.map((layer) => [`${this.#scoring}.${layer}`, rows(layer)]));
  }

  /** Σ_l focal + dice of the seg heads (sets with masks) + Σ_l BCE of the det heads. */
  loss({ features }: Encoded, { mask, label }: Targets): FusionLoss {
    const loss = new LossSum(this.options, this.geometry);
    const text = this.textFeatures();
    const where = (branch: Head['branch'], k: number) => `${branch}.${this.#layers[k]}`;
    if (this.#kind === 'pixel' && mask) {
      this.#headLogits(features, text, 'seg').forEach((z, k) => {
        loss.segmentation(where('seg', k), z, mask);
      });
    }
    if (this.#kind === 'image' || this.options['loss.detOnSeg']) {
      this.#headLogits(features, text, 'det').forEach((z, k) => {
        loss.detection(where('det', k), z, label);
      });
    }
    return loss.end();
  }

  /** The few-shot image score is the mean over the pixels of S, not over its patches. */
  fit(support: Remembered): Scorer {
    return changedScores(fitBranches(this.#gpu, this, support), (scores) => ({
      ...scores,
      fewMean: imageMeans(scores.fewMap, scores.fewMean.length),
    }));
  }

  release(): void {
    for (const p of this.#down.values()) p.release();
    this.#residual.release();
    this.#text.release();
  }

  get #scoring(): Head['branch'] {
    return this.#kind === 'pixel' ? 'seg' : 'det';
  }

  #headLogits(features: Features, text: Tensor, branch: Head['branch']): Tensor[] {
    return this.#layers.map((layer) => {
      const adapted = this.adapt(features.get(layer)!.patches, { branch, layer });
      return cosineLogits(reshape(adapted, [adapted.value.rows, adapted.value.width]), text, this.options.temperature);
    });
  }
}

function needs(options: FusionOptions, blocks: number): FeatureOptions {
  return { layers: tappedLayers(options, blocks), tokens: 'raw' };
}

/** `--method mvfa` */
export const mvfa: Method = {
  needs,
  create: async (parts) => new Mvfa(parts, (await ensembleFeatures(parts)).keep()),
};
