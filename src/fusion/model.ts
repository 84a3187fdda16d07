import { generateTensor } from '../clip/generate.ts';
import type { TextTower, Tokenizer, VisionTower } from '../clip/index.ts';
import type { DatasetKind } from '../data/layout/dataset.ts';
import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { type Index, uploadIndex } from '../kernels/row_index.ts';
import { cosineLogits, gatherRows, Parameter, reshape, type Tensor } from '../nn/index.ts';
import { fusionAdapter, type LayerTokens, localAdapter } from './adapters.ts';
import type { Features } from './features.ts';
import { type FusionLoss, LossSum, type Targets } from './losses.ts';
import { geometryOf, type MapGeometry } from './maps.ts';
import { type FusionOptions, tappedLayers } from './options.ts';
import { type BranchModel, joinRows } from './predict.ts';
import {
  fixedPrompts,
  type KnownEnsembles,
  learnablePrompts,
  type Path,
  type PromptBank,
  type PromptContext,
} from './prompts.ts';
import { ResidualAdapters } from './residual.ts';

/** What a model is made of. */
export interface FusionParts {
  readonly gpu: Gpu;
  readonly vision: VisionTower;
  readonly text: TextTower;
  readonly tokenizer: Tokenizer;
  readonly options: FusionOptions;
  /** `pixel`: sets with masks (focal + dice); `image`: sets without (BCE). */
  readonly kind: DatasetKind;
  /** What the images show, e.g. `Brain`. */
  readonly object: string;
  /** Seed of the initial weights. */
  readonly seed: number;
  /** As `EnsembleContext.ensembles`. */
  readonly ensembles?: KnownEnsembles | null;
}

interface Adapter {
  readonly weight: Parameter;
  readonly bias: Parameter | null;
}

/**
 * FusionCLIP-AD's trainable part: per tapped layer a fusion and a local adapter, and learnable prompts per layer, branch
 * and class. Tensors that it makes live in the caller's scope.
 */
export class FusionModel implements BranchModel {
  readonly options: FusionOptions;
  readonly kind: DatasetKind;
  readonly layers: readonly number[];
  readonly paths: readonly Path[];
  readonly geometry: MapGeometry;
  readonly prompts: PromptBank;
  /** Adapters that feed the backbone, or null: then its features do not depend on what is trained. */
  readonly residual: ResidualAdapters<Path> | null;
  /** Weights of the maps of the paths. */
  readonly mapWeights: readonly number[];
  /** All trainable tensors: `adapter.{gal,loc}.{layer}.weight`, `prompt.{gal,loc}.{layer}.{normal,abnormal}`. */
  readonly parameters: readonly Parameter[];
  readonly #adapters = new Map<string, Adapter>();
  readonly #pairs: readonly Index[];

  private constructor(parts: FusionParts, layers: readonly number[], paths: readonly Path[], prompts: PromptBank) {
    const { gpu, vision, options, kind, seed } = parts;
    this.options = options;
    this.kind = kind;
    this.layers = layers;
    this.paths = paths;
    this.prompts = prompts;
    const [gal, loc = 1] = options['branch.weights'];
    this.mapWeights = paths.map(({ branch }) => (branch === 'gal' ? gal : loc));
    this.geometry = geometryOf(vision);
    const { width } = vision.config.vision;
    for (const role of this.#roles()) {
      for (const { branch, layer } of paths) {
        const name = `adapter.${role}${branch}.${layer}`;
        const shape = [vision.config.embed, branch === 'gal' ? 2 * width : width];
        const weight = new Parameter(
          `${name}.weight`,
          GpuArray.made(gpu, () => generateTensor(`${name}.weight`, shape, seed), shape),
        );
        const bias = options['adapter.bias'] ? new Parameter(`${name}.bias`, GpuArray.zeros(gpu, [shape[0]])) : null;
        this.#adapters.set(name, { weight, bias });
      }
    }
    this.residual =
      options.residual === 'mvfa'
        ? new ResidualAdapters(gpu, vision, paths, seed, {
            name: ({ branch, layer }) => `adapter.${branch}.${layer}.return.weight`,
          })
        : null;
    const adapters = [...this.#adapters.values()].flatMap(({ weight, bias }) => (bias ? [weight, bias] : [weight]));
    this.parameters = [...adapters, ...(this.residual?.parameters ?? []), ...prompts.parameters];
    this.#pairs = paths.map((_, k) => {
      const index = uploadIndex(gpu, Uint32Array.of(2 * k, 2 * k + 1));
      index.device.keep();
      return index;
    });
  }

  /** Builds adapters and prompts from the seed; reads the text tower for the sentences. */
  static async create(parts: FusionParts): Promise<FusionModel> {
    const { gpu, vision, options } = parts;
    const layers = tappedLayers(options, vision.config.vision.layers);
    const paths = layers.flatMap((layer) => options.branches.map((branch) => ({ branch, layer })));
    const context: PromptContext = { ...parts, paths };
    const prompts = options.prompt === 'fixed' ? await fixedPrompts(context) : await learnablePrompts(context, options);
    using _scope = gpu.scope();
    return new FusionModel(parts, layers, paths, prompts);
  }

  /** Text features of all paths, [2·paths, E]; row pairs in the order of `paths`. */
  textFeatures(): Tensor {
    return this.prompts.features();
  }

  /** T of path k, [2, E]. */
  textOf(features: Tensor, k: number): Tensor {
    return gatherRows(features, this.#pairs[k]);
  }

  /**
   * Adapted patch features of one path, not normalised: [B, N, E]. `role` is `det.` for split heads; `sloped`: the gradient that
   * arrives holds the slope of the activation.
   */
  adapt(tokens: LayerTokens, { branch, layer }: Path, role = '', sloped = false): Tensor {
    const { weight, bias } = this.#adapters.get(`adapter.${role}${branch}.${layer}`)!;
    const act = this.options['adapter.act'];
    return branch === 'gal'
      ? fusionAdapter(tokens, weight, bias, act, sloped)
      : localAdapter(tokens, weight, bias, act, sloped);
  }

  /** z = temperature · ⟨F, T⟩ of every path, [B·N, 2]. */
  logits(features: Features, text: Tensor, role = ''): Tensor[] {
    // Nothing else reads what is adapted here, so the cosines' gradient can hold the slope of the ReLU.
    const relu = this.options['adapter.act'] === 'relu';
    return this.paths.map((path, k) => {
      const adapted = this.adapt(features.get(path.layer)!, path, role, relu);
      const [batch, tokens, embed] = adapted.shape;
      const rows = reshape(adapted, [batch * tokens, embed]);
      return cosineLogits(rows, this.textOf(text, k), this.options.temperature, relu);
    });
  }

  /** Rows for the memory bank: raw tokens by layer, or adapted ones by branch and layer. */
  bankRows(features: Features, withCls: boolean): Map<string, GpuArray> {
    if (this.options['memory.features'] === 'raw') return rawRows(features, this.layers, withCls);
    const out = new Map<string, GpuArray>();
    for (const path of this.paths) {
      const { cls, patches } = features.get(path.layer)!;
      const adapted = this.adapt({ cls, patches }, path).value;
      const [batch, , width] = patches.shape;
      const own = { cls, patches: reshape(cls, [batch, 1, width]) };
      out.set(`${path.branch}.${path.layer}`, withCls ? joinRows(this.adapt(own, path).value, adapted) : adapted);
    }
    return out;
  }

  /**
   * Tokens of images under residual adapters, differentiable; without them use `extractFeatures`.
   * @param images [B, 3, S, S]
   */
  residualFeatures(images: GpuArray): Features {
    if (!this.residual) throw new Error('this model has no residual adapters');
    return this.residual.features(images, (tokens, path) => this.adapt(tokens, path));
  }

  /**
   * Total loss: Σ over layers and branches of focal + dice (sets with masks) or α·BCE (image-level sets).
   * @param text features of {@link textFeatures}, where they are needed elsewhere too
   */
  loss(features: Features, targets: Targets, text: Tensor = this.textFeatures()): FusionLoss {
    const { options, paths, geometry } = this;
    const loss = new LossSum(options, geometry);
    const where = (k: number) => `${paths[k].branch}.${paths[k].layer}`;
    const { mask, label } = targets;
    if (this.kind === 'pixel' && mask) {
      this.logits(features, text).forEach((z, k) => {
        loss.segmentation(where(k), z, mask);
      });
    }
    if (this.kind === 'image' || options['loss.detOnSeg']) {
      const alpha = { gal: options['loss.alpha'][0], loc: options['loss.alpha'][1] ?? 1 };
      this.logits(features, text, this.#roles().at(-1)).forEach((z, k) => {
        loss.detection(where(k), z, label, alpha[paths[k].branch]);
      });
    }
    return loss.end();
  }

  /** Frees the memory of the GPU. */
  release(): void {
    for (const { weight, bias } of this.#adapters.values()) {
      weight.release();
      bias?.release();
    }
    for (const { device } of this.#pairs) device.release();
    this.residual?.release();
    this.prompts.release();
  }

  /** Name parts of the adapter sets: one set, or a second one for the image-level loss. */
  #roles(): readonly string[] {
    const split = this.options.heads === 'split' && this.kind === 'pixel' && this.options['loss.detOnSeg'];
    return split ? ['', 'det.'] : [''];
  }
}

/** Raw tokens of layers as rows for a memory bank, class tokens first where they are wanted. */
export function rawRows(features: Features, layers: readonly number[], withCls: boolean): Map<string, GpuArray> {
  return new Map(
    layers.map((layer) => {
      const { cls, patches } = features.get(layer)!;
      return [`raw.${layer}`, withCls ? joinRows(cls.value, patches.value) : patches.value];
    }),
  );
}
