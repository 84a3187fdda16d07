import type { GpuArray } from '../../gpu/array.ts';
import type { Parameter } from '../../nn/index.ts';
import { type Encoded, encodedBytes, extractFeatures, type FeatureOptions } from '../features.ts';
import type { FusionLoss, Targets } from '../losses.ts';
import { FusionModel } from '../model.ts';
import { type FusionOptions, tappedLayers } from '../options.ts';
import { ensembleFeatures } from '../prompts.ts';
import { fitBranches, type Method, type Model, type ModelParts, type Remembered, type Scorer } from './method.ts';

/** FusionCLIP-AD and its ablations; the model itself is {@link FusionModel}. */
export class FusionClip implements Model {
  readonly needs: FeatureOptions;
  readonly model: FusionModel;
  readonly #parts: ModelParts;
  /** Text features [2, E] for the class token's score, where it counts. */
  readonly #ensemble: GpuArray | null;

  private constructor(parts: ModelParts, model: FusionModel, ensemble: GpuArray | null) {
    this.#parts = parts;
    this.model = model;
    this.#ensemble = ensemble;
    this.needs = needs(parts.options, parts.vision.config.vision.layers);
  }

  static async create(parts: ModelParts): Promise<FusionClip> {
    const model = await FusionModel.create(parts);
    try {
      const withClass = parts.options['score.cls'] !== 'none';
      return new FusionClip(parts, model, withClass ? (await ensembleFeatures(parts)).keep() : null);
    } catch (error) {
      model.release();
      throw error;
    }
  }

  get parameters(): readonly Parameter[] {
    return this.model.parameters;
  }

  get frozen(): boolean {
    return this.model.residual === null;
  }

  get encodedBytes(): number {
    return encodedBytes(this.#parts.vision, this.needs);
  }

  encode(images: GpuArray): Encoded {
    const { vision } = this.#parts;
    if (this.frozen) return extractFeatures(vision, images, this.needs);
    // The class token is scored with the untouched backbone, as the text features are.
    const plain = this.#ensemble ? extractFeatures(vision, images, { ...this.needs, layers: [] }).embedding : null;
    return { features: this.model.residualFeatures(images), embedding: plain };
  }

  loss({ features }: Encoded, targets: Targets): FusionLoss {
    return this.model.loss(features, targets);
  }

  fit(support: Remembered): Scorer {
    return fitBranches(this.#parts.gpu, this.model, support, this.#ensemble);
  }

  release(): void {
    this.model.release();
    this.#ensemble?.release();
  }
}

function needs(options: FusionOptions, blocks: number): FeatureOptions {
  const { tokens } = options;
  return { layers: tappedLayers(options, blocks), tokens, embedding: options['score.cls'] !== 'none' };
}

/** `--method fusionclip` */
export const fusionclip: Method = { needs, create: (parts) => FusionClip.create(parts) };
