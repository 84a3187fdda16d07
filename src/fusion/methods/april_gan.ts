import { generateTensor } from '../../clip/generate.ts';
import type { VisionTower } from '../../clip/index.ts';
import type { DatasetKind } from '../../data/layout/dataset.ts';
import { GpuArray } from '../../gpu/array.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { cosineLogits, linear, Parameter, reshape, Tensor } from '../../nn/index.ts';
import { type Encoded, encodedBytes, extractFeatures, type FeatureOptions, type Features } from '../features.ts';
import { type FusionLoss, LossSum, type Targets } from '../losses.ts';
import { geometryOf, type MapGeometry } from '../maps.ts';
import { rawRows } from '../model.ts';
import { type FusionOptions, tappedLayers } from '../options.ts';
import type { BranchModel } from '../predict.ts';
import { ensembleFeatures } from '../prompts.ts';
import { fitBranches, type Method, type Model, type ModelParts, type Remembered, type Scorer } from './method.ts';

/**
 * APRIL-GAN: per tapped layer one linear map W p_i + b of the raw patch tokens into the space of the sentences, compared
 * with the 420-sentence ensemble; the bank holds raw tokens, which nothing trains.
 */
class AprilGan implements Model, BranchModel {
  readonly parameters: readonly Parameter[];
  readonly frozen = true;
  readonly needs: FeatureOptions;
  readonly options: FusionOptions;
  readonly geometry: MapGeometry;
  readonly #gpu: Gpu;
  readonly #vision: VisionTower;
  readonly #kind: DatasetKind;
  readonly #layers: readonly number[];
  readonly #text: GpuArray;
  readonly #linears = new Map<number, { weight: Parameter; bias: Parameter }>();

  constructor({ gpu, vision, options, kind, seed }: ModelParts, text: GpuArray) {
    const { embed, vision: tower } = vision.config;
    this.#gpu = gpu;
    this.#vision = vision;
    this.#kind = kind;
    this.#text = text;
    this.options = options;
    this.geometry = geometryOf(vision);
    this.needs = needs(options, tower.layers);
    this.#layers = tappedLayers(options, tower.layers);
    const parameter = (name: string, shape: readonly number[]) =>
      new Parameter(
        name,
        GpuArray.made(gpu, () => generateTensor(name, shape, seed, tower.width), shape),
      );
    for (const layer of this.#layers) {
      this.#linears.set(layer, {
        weight: parameter(`april.${layer}.weight`, [embed, tower.width]),
        bias: parameter(`april.${layer}.bias`, [embed]),
      });
    }
    this.parameters = [...this.#linears.values()].flatMap(({ weight, bias }) => [weight, bias]);
  }

  get encodedBytes(): number {
    return encodedBytes(this.#vision, this.needs);
  }

  encode(images: GpuArray): Encoded {
    return extractFeatures(this.#vision, images, this.needs);
  }

  textFeatures(): Tensor {
    return new Tensor(this.#text);
  }

  logits(features: Features, text: Tensor): Tensor[] {
    return this.#layers.map((layer) => {
      const { weight, bias } = this.#linears.get(layer)!;
      const mapped = linear(features.get(layer)!.patches, weight, bias);
      return cosineLogits(reshape(mapped, [mapped.value.rows, mapped.value.width]), text, this.options.temperature);
    });
  }

  bankRows(features: Features, withCls: boolean): ReadonlyMap<string, GpuArray> {
    return rawRows(features, this.#layers, withCls);
  }

  /** Σ_l focal + dice with masks; without any, which the published program needs, Σ_l BCE on the mean over the patches. */
  loss({ features }: Encoded, { mask, label }: Targets): FusionLoss {
    const loss = new LossSum(this.options, this.geometry);
    this.logits(features, this.textFeatures()).forEach((z, k) => {
      const where = String(this.#layers[k]);
      if (this.#kind === 'pixel' && mask) loss.segmentation(where, z, mask);
      else loss.detection(where, z, label);
    });
    return loss.end();
  }

  fit(support: Remembered): Scorer {
    return fitBranches(this.#gpu, this, support, this.needs.embedding ? this.#text : null);
  }

  release(): void {
    for (const p of this.parameters) p.release();
    this.#text.release();
  }
}

function needs(options: FusionOptions, blocks: number): FeatureOptions {
  return { layers: tappedLayers(options, blocks), tokens: 'raw', embedding: options['score.cls'] !== 'none' };
}

/** `--method april-gan` */
export const aprilGan: Method = {
  needs,
  create: async (parts) => new AprilGan(parts, (await ensembleFeatures(parts)).keep()),
};
