import { ParameterLoader } from '../clip/blocks.ts';
import type { StorageReport } from '../clip/weight_storage.ts';
import type { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { activation } from '../kernels/activation.ts';
import { type ConvolutionWindow, convolution, windowPlaces } from '../kernels/convolution.ts';
import { matmul } from '../kernels/matmul.ts';
import { maxPool } from '../kernels/max_pool.ts';
import { meanRows } from '../kernels/mean_groups.ts';
import type { Affine, Parameter } from '../nn/index.ts';
import type { ResNetConfig } from './config.ts';
import { filterRows, foldBatchNorm } from './filters.ts';
import type { MedClipVisionOptions, MedClipWeights, StageFeatures, StageTower } from './stage_tower.ts';

/** Three convolutions with their norms folded in, and that of the shortcut where the shape changes. */
interface Bottleneck {
  readonly convolutions: readonly [Affine, Affine, Affine];
  readonly shortcut: Affine | null;
  readonly stride: number;
}

interface ResNetWeights {
  readonly conv1: Affine;
  readonly stages: readonly (readonly Bottleneck[])[];
  readonly head: Parameter;
}

const POOL: ConvolutionWindow = { side: 3, stride: 2, pad: 1 };

/**
 * ResNet of bottleneck blocks, the stride in their 3×3 convolution: stem → pooling → stages; the embedding is the mean
 * over the cells of the last stage · headᵀ. Batch norms are as training left them, and folded into the convolutions.
 */
export class ResNetTower implements StageTower {
  readonly size: number;
  readonly grids: StageTower['grids'];
  readonly #stem: ConvolutionWindow;
  readonly #weights: ResNetWeights;
  readonly #loader: ParameterLoader;

  private constructor(config: ResNetConfig, size: number, weights: ResNetWeights, loader: ParameterLoader) {
    this.size = size;
    this.#weights = weights;
    this.#loader = loader;
    this.#stem = stemWindow(config);
    let side = windowPlaces(windowPlaces(size, this.#stem), POOL);
    this.grids = config.stages.map(({ width }, i) => {
      if (i > 0) side = windowPlaces(side, { side: 3, stride: 2, pad: 1 });
      return { side, width };
    });
  }

  /** Reads the tower's tensors one by one. Throws `bad_model`. */
  static async load(
    gpu: Gpu,
    source: MedClipWeights,
    config: ResNetConfig,
    options: MedClipVisionOptions,
  ): Promise<ResNetTower> {
    const loader = new ParameterLoader(gpu, source, options);
    const folded = async (conv: string, bn: string, outputs: number, inputs: number, side: number): Promise<Affine> => {
      const rows = filterRows(await source.read(`visual.${conv}.weight`), inputs, side);
      const [weight, bias, mean, variance] = [
        await source.read(`visual.${bn}.weight`),
        await source.read(`visual.${bn}.bias`),
        await source.read(`visual.${bn}.running_mean`),
        await source.read(`visual.${bn}.running_var`),
      ];
      const values = foldBatchNorm(rows, { weight, bias, mean, variance });
      return {
        weight: await loader.putMatrix(`visual.${conv}.weight`, values.weight, [outputs, side * side * inputs]),
        bias: await loader.put(`visual.${conv}.bias`, values.bias, [outputs]),
      };
    };
    try {
      const conv1 = await folded('conv1', 'bn1', config.stem.width, 3, config.stem.side);
      const stages: Bottleneck[][] = [];
      let width = config.stem.width;
      for (const [i, stage] of config.stages.entries()) {
        const blocks: Bottleneck[] = [];
        for (let j = 0; j < stage.blocks; j++) {
          const name = `layer${i + 1}.${j}`;
          const first = await folded(`${name}.conv1`, `${name}.bn1`, stage.inner, width, 1);
          const second = await folded(`${name}.conv2`, `${name}.bn2`, stage.inner, stage.inner, 3);
          const third = await folded(`${name}.conv3`, `${name}.bn3`, stage.width, stage.inner, 1);
          const down = `${name}.downsample`;
          const shortcut = j === 0 ? await folded(`${down}.0`, `${down}.1`, stage.width, width, 1) : null;
          blocks.push({ convolutions: [first, second, third], shortcut, stride: i > 0 && j === 0 ? 2 : 1 });
          width = stage.width;
        }
        stages.push(blocks);
      }
      const head = await loader.matrix('visual.head.weight', [source.config.embed, config.width]);
      return new ResNetTower(config, options.size, { conv1, stages, head }, loader);
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
    const { conv1, head } = this.#weights;
    const out = new Map<number, GpuArray>();
    const stem = convolve(images, conv1, { ...this.#stem, act: 'relu', channelsFirst: true });
    let x = maxPool(stem, POOL);
    stem.release();
    for (const [i, blocks] of this.#weights.stages.entries()) {
      for (const block of blocks) {
        const y = bottleneck(x, block);
        if (!out.has(i)) x.release();
        x = y;
      }
      const { side, width } = this.grids[i];
      if (stages.includes(i + 1)) {
        out.set(i + 1, x.reshape([images.shape[0], side * side, width]));
        scope.pass(x.buffer);
      }
    }
    const { side, width } = this.grids[this.grids.length - 1];
    const pooled = meanRows(x.reshape([images.shape[0], side * side, width]));
    const embedding = matmul(pooled, head.value, { transposeB: true });
    scope.pass(embedding.buffer);
    return { stages: out, embedding };
  }

  /** Frees the memory of the GPU. */
  release(): void {
    this.#loader.release();
  }
}

function stemWindow({ stem }: ResNetConfig): ConvolutionWindow {
  return { side: stem.side, stride: 2, pad: Math.floor(stem.side / 2) };
}

function convolve(x: GpuArray, { weight, bias }: Affine, options: Parameters<typeof convolution>[2]): GpuArray {
  return convolution(x, weight.value, { ...options, bias: bias.value });
}

/** relu(three convolutions of x + shortcut), [B, h, w, C]. */
function bottleneck(x: GpuArray, { convolutions: [first, second, third], shortcut, stride }: Bottleneck): GpuArray {
  using scope = x.gpu.scope();
  const narrow = convolve(x, first, { side: 1, stride: 1, act: 'relu' });
  const middle = convolve(narrow, second, { side: 3, stride, pad: 1, act: 'relu' });
  const residual = shortcut ? convolve(x, shortcut, { side: 1, stride }) : x;
  const sum = matmul(middle, third.weight.value, { transposeB: true, bias: third.bias.value, residual });
  const y = activation(sum, 'relu');
  scope.pass(y.buffer);
  return y;
}
