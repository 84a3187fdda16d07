import { ParameterLoader } from '../clip/blocks.ts';
import type { StorageReport } from '../clip/weight_storage.ts';
import type { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { convolution, unfoldWindows } from '../kernels/convolution.ts';
import { layerNorm } from '../kernels/layer_norm.ts';
import { matmul } from '../kernels/matmul.ts';
import { meanRows } from '../kernels/mean_groups.ts';
import { windowAttention } from '../kernels/window_attention.ts';
import { type Affine, type BlockWeights, type Parameter, Tensor, transformerBlock } from '../nn/index.ts';
import type { SwinConfig, SwinStage } from './config.ts';
import { filterRows, squareRows } from './filters.ts';
import type { MedClipVisionOptions, MedClipWeights, StageFeatures, StageTower } from './stage_tower.ts';

/** A block with its table of relative positions [(2 window − 1)², heads]. */
interface SwinBlock extends BlockWeights {
  readonly bias: Parameter;
}

/** Norm and map of the tokens of a 2×2 square to the next stage, columns in the order of rows. */
interface Merge {
  readonly norm: Affine;
  readonly weight: Parameter;
}

interface SwinWeights {
  readonly conv1: Affine;
  readonly ln_pre: Affine;
  readonly stages: readonly { readonly blocks: readonly SwinBlock[]; readonly merge: Merge | null }[];
  readonly ln_post: Affine;
  readonly head: Parameter;
}

/**
 * Swin transformer: patches → ln_pre → stages of pre-norm blocks that attend within windows, every second block within
 * windows shifted by half their side; between stages each 2×2 tokens become one; the embedding is the mean of
 * ln_post(x) · headᵀ. Grids that windows or squares do not fill are padded with zeros at the right and bottom.
 */
export class SwinTower implements StageTower {
  readonly size: number;
  readonly grids: StageTower['grids'];
  readonly #config: SwinConfig;
  readonly #weights: SwinWeights;
  readonly #loader: ParameterLoader;

  private constructor(config: SwinConfig, size: number, weights: SwinWeights, loader: ParameterLoader) {
    this.#config = config;
    this.size = size;
    this.#weights = weights;
    this.#loader = loader;
    const first = Math.ceil(size / config.patch);
    this.grids = config.stages.map(({ width }, i) => ({ side: Math.ceil(first / 2 ** i), width }));
  }

  /** Reads the tower's tensors one by one. Throws `bad_model`. */
  static async load(
    gpu: Gpu,
    source: MedClipWeights,
    config: SwinConfig,
    options: MedClipVisionOptions,
  ): Promise<SwinTower> {
    const loader = new ParameterLoader(gpu, source, options);
    const { patch, stages } = config;
    const width = stages[0].width;
    const vector = (name: string, size: number) => loader.read(name, [size]);
    const norm = async (name: string, size: number): Promise<Affine> => ({
      weight: await vector(`${name}.weight`, size),
      bias: await vector(`${name}.bias`, size),
    });
    const swinBlock = async (name: string, { width, heads, mlp }: SwinStage): Promise<SwinBlock> => ({
      ...(await loader.block(name, width, mlp)),
      bias: await loader.read(`${name}.attn.relative_bias`, [(2 * config.window - 1) ** 2, heads]),
    });
    const merge = async (i: number): Promise<Merge> => {
      const inner = stages[i].width;
      const square = async (name: string) => squareRows(await source.read(`visual.${i}.${name}`), inner);
      const part = async (name: string) => loader.put(`visual.${i}.${name}`, await square(name), [4 * inner]);
      return {
        norm: { weight: await part('ln_merge.weight'), bias: await part('ln_merge.bias') },
        weight: await loader.putMatrix(`visual.${i}.merge.weight`, await square('merge.weight'), [
          stages[i + 1].width,
          4 * inner,
        ]),
      };
    };
    try {
      const filters = filterRows(await source.read('visual.conv1.weight'), 3, patch);
      const conv1 = {
        weight: await loader.putMatrix('visual.conv1.weight', filters, [width, 3 * patch * patch]),
        bias: await vector('visual.conv1.bias', width),
      };
      const ln_pre = await norm('visual.ln_pre', width);
      const loaded: SwinWeights['stages'][number][] = [];
      for (const [i, stage] of stages.entries()) {
        const blocks: SwinBlock[] = [];
        for (let j = 0; j < stage.blocks; j++) blocks.push(await swinBlock(`visual.${i}.${j}`, stage));
        loaded.push({ blocks, merge: i < stages.length - 1 ? await merge(i) : null });
      }
      const ln_post = await norm('visual.ln_post', config.width);
      const head = await loader.matrix('visual.head.weight', [source.config.embed, config.width]);
      return new SwinTower(config, options.size, { conv1, ln_pre, stages: loaded, ln_post, head }, loader);
    } catch (error) {
      loader.release();
      throw error;
    }
  }

  get storage(): StorageReport {
    return this.#loader.report;
  }

  /** Features of images; see the class for shapes. */
  encode(images: GpuArray, stages: readonly number[]): StageFeatures {
    const { gpu } = images;
    using scope = gpu.scope();
    const { patch } = this.#config;
    const { conv1, ln_pre, ln_post, head } = this.#weights;
    const last = this.#weights.stages.length;
    const out = new Map<number, GpuArray>();
    const batch = images.shape[0];
    const padEnd = this.grids[0].side * patch - this.size;
    const stem = convolution(images, conv1.weight.value, {
      ...{ side: patch, stride: patch, padEnd, channelsFirst: true },
      bias: conv1.bias.value,
    });
    let x = layerNorm(stem, ln_pre.weight.value, ln_pre.bias.value).y;
    for (const [i, { blocks, merge }] of this.#weights.stages.entries()) {
      const { side, width } = this.grids[i];
      let tokens = x.reshape([batch, side * side, width]);
      blocks.forEach((block, j) => {
        const next = this.#block(tokens, block, i, j);
        tokens.release();
        tokens = next;
      });
      x = merge ? this.#merge(tokens.reshape([batch, side, side, width]), merge) : tokens;
      if (stages.includes(i + 1)) {
        out.set(i + 1, tokens);
        scope.pass(tokens.buffer);
      } else if (merge) tokens.release();
    }
    const { side, width } = this.grids[last - 1];
    const normed = layerNorm(x.reshape([batch, side * side, width]), ln_post.weight.value, ln_post.bias.value).y;
    const embedding = matmul(meanRows(normed), head.value, { transposeB: true });
    scope.pass(embedding.buffer);
    return { stages: out, embedding };
  }

  /** Frees the memory of the GPU. */
  release(): void {
    this.#loader.release();
  }

  /** Block j of stage i, [B, side², W]. */
  #block(x: GpuArray, block: SwinBlock, i: number, j: number): GpuArray {
    const { side, width } = this.grids[i];
    const { heads } = this.#config.stages[i];
    const { window } = this.#config;
    // A grid of one window has no neighbours to shift to.
    const shift = j % 2 === 1 && side > window ? Math.floor(window / 2) : 0;
    const attend = (qkv: GpuArray) => {
      const grid = qkv.reshape([x.shape[0], side, side, 3 * width]);
      const windows = { heads, side: window, shift };
      // Padding is zero before the map to queries, keys and values, so it has the map's bias.
      return windowAttention(grid, block.qkv.bias.value, block.bias.value, windows).reshape(x.shape);
    };
    return transformerBlock(new Tensor(x), block, { heads, act: 'gelu', causal: false, attend }).value;
  }

  /** ln_merge of each 2×2 tokens side by side, then the map to the next width: [B, s, s, W] → [B, ⌈s/2⌉, ⌈s/2⌉, W']. */
  #merge(x: GpuArray, { norm, weight }: Merge): GpuArray {
    using scope = x.gpu.scope();
    const squares = unfoldWindows(x, { side: 2, stride: 2, padEnd: x.shape[1] % 2 });
    const normed = layerNorm(squares, norm.weight.value, norm.bias.value).y;
    const y = matmul(normed, weight.value, { transposeB: true });
    scope.pass(y.buffer);
    return y;
  }
}
