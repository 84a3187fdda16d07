import type { Gpu } from '../gpu/gpu.ts';
import { type Index, uploadIndex } from '../kernels/row_index.ts';
import {
  type Affine,
  assembleTokens,
  type BlockWeights,
  checkpoint,
  gatherRows,
  isRecording,
  layerNorm,
  matmul,
  type Parameter,
  patchEmbedding,
  reshape,
  type Tensor,
  transformerBlock,
} from '../nn/index.ts';
import { type LoadOptions, ParameterLoader } from './blocks.ts';
import type { Activation, ClipConfig } from './config.ts';
import { resizePositions } from './positions.ts';
import type { StorageReport } from './weight_storage.ts';
import type { ClipWeights } from './weights.ts';

/** Default of {@link VisionRequest.keep}. */
const MOST_KEPT = 256 * 2 ** 20;

/** How a vision tower is opened. */
export interface VisionOptions extends LoadOptions {
  /** Side of the square input in pixels; positions are resized to ⌊size / patch⌋². */
  readonly size: number;
  /** In place of the configuration's own activation. */
  readonly act?: Activation;
  /** Load blocks 1 … lastLayer only; then there is no image embedding. Default: all. */
  readonly lastLayer?: number;
}

/** What {@link VisionTower.encode} is asked for. */
export interface VisionRequest {
  /** 1-based blocks whose raw output is wanted; blocks after the last one are not run unless `embedding` is. */
  readonly taps?: readonly number[];
  /** Whether the class token goes through ln_post and proj. */
  readonly embedding?: boolean;
  /**
   * What the next block sees in place of a block's output (residual adapters); taps are the outputs themselves. Blocks
   * are then activation checkpoints as soon as gradients flow through them, but for the last ones, as many as `keep` allows.
   */
  readonly afterBlock?: (layer: number, x: Tensor) => Tensor;
  /** Bytes of activations that blocks behind `afterBlock` may keep for their backward; the others run again. Default 256 MiB. */
  readonly keep?: number;
}

/** Raw block outputs [B, N + 1, W] by 1-based layer, and the image embedding [B, E]. */
export interface VisionResult {
  readonly taps: ReadonlyMap<number, Tensor>;
  readonly embedding: Tensor | null;
}

interface VisionWeights {
  readonly conv1: Parameter;
  readonly cls: Parameter;
  readonly positions: Parameter;
  readonly ln_pre: Affine;
  readonly blocks: readonly BlockWeights[];
  readonly ln_post: Affine;
  readonly proj: Parameter;
}

/**
 * CLIP's vision transformer: conv1 → [cls; patches] + positions → ln_pre → pre-norm blocks; the embedding is
 * ln_post(class token) · proj.
 */
export class VisionTower {
  readonly config: ClipConfig;
  /** Patches per side. */
  readonly grid: number;
  readonly size: number;
  readonly act: Activation;
  readonly #gpu: Gpu;
  readonly #weights: VisionWeights;
  readonly #loader: ParameterLoader;
  /** Rows of the class tokens by shape of the batch. */
  readonly #clsRows = new Map<string, Index>();

  private constructor(
    gpu: Gpu,
    config: ClipConfig,
    options: VisionOptions,
    weights: VisionWeights,
    loader: ParameterLoader,
  ) {
    this.#gpu = gpu;
    this.config = config;
    this.size = options.size;
    this.grid = Math.floor(options.size / config.vision.patch);
    this.act = options.act ?? config.act;
    this.#weights = weights;
    this.#loader = loader;
  }

  /** Reads the tower's tensors one by one. Throws `bad_model` when one is missing or of a wrong shape. */
  static async load(gpu: Gpu, weights: ClipWeights, options: VisionOptions): Promise<VisionTower> {
    const { config } = weights;
    const { width, layers, mlp, patch, nativeSize } = config.vision;
    const grid = Math.floor(options.size / patch);
    const native = Math.floor(nativeSize / patch);
    const loader = new ParameterLoader(gpu, weights, options);
    const norm = async (name: string): Promise<Affine> => ({
      weight: await loader.read(`visual.${name}.weight`, [width]),
      bias: await loader.read(`visual.${name}.bias`, [width]),
    });
    try {
      const table = await weights.read('visual.positional_embedding');
      const conv1 = await loader.matrix('visual.conv1.weight', [width, 3, patch, patch]);
      const cls = await loader.read('visual.class_embedding', [width]);
      const positions = await loader.put('visual.positional_embedding', resizePositions(table, native, grid), [
        grid * grid + 1,
        width,
      ]);
      const ln_pre = await norm('ln_pre');
      const blocks: BlockWeights[] = [];
      for (let i = 0; i < Math.min(layers, options.lastLayer ?? layers); i++) {
        blocks.push(await loader.block(`visual.transformer.resblocks.${i}`, width, mlp));
      }
      const ln_post = await norm('ln_post');
      const proj = await loader.matrix('visual.proj', [width, config.embed]);
      return new VisionTower(gpu, config, options, { conv1, cls, positions, ln_pre, blocks, ln_post, proj }, loader);
    } catch (error) {
      loader.release();
      throw error;
    }
  }

  /** Parameters by their OpenAI names. */
  get parameters(): ReadonlyMap<string, Parameter> {
    return this.#loader.parameters;
  }

  /** How the tensors are stored. */
  get storage(): StorageReport {
    return this.#loader.report;
  }

  /** Operations of an image in the blocks, nearly all that it takes. */
  get imageFlops(): number {
    const { width, mlp } = this.config.vision;
    const tokens = this.grid ** 2 + 1;
    return this.#weights.blocks.length * tokens * width * (8 * width + 4 * mlp + 4 * tokens);
  }

  /** Patch and position embeddings with the class token, before ln_pre: [B, 3, S, S] → [B, N + 1, W]. */
  embed(images: Tensor): Tensor {
    const { conv1, cls, positions } = this.#weights;
    return assembleTokens(patchEmbedding(images, conv1), cls, positions);
  }

  /**
   * Runs the blocks that the request needs.
   * @param images [B, 3, size, size], preprocessed
   */
  encode(images: Tensor, request: VisionRequest): VisionResult {
    return this.encodeTokens(this.embed(images), request);
  }

  /**
   * {@link encode} from embedded tokens on, for sequences that are not whole images.
   * @param stem [B, T, W] as {@link embed} makes them, the class token first; released where nothing is recorded
   */
  encodeTokens(stem: Tensor, request: VisionRequest): VisionResult {
    const { ln_pre, blocks } = this.#weights;
    const { taps = [], embedding = false, afterBlock, keep = MOST_KEPT } = request;
    const last = embedding ? this.config.vision.layers : Math.max(0, ...taps);
    if (last > blocks.length) throw new Error(`block ${last} was asked for, ${blocks.length} are loaded`);
    const out = new Map<number, Tensor>();
    const options = { heads: this.config.vision.heads, act: this.act, causal: false };
    let x = layerNorm(stem, ln_pre.weight, ln_pre.bias);
    discard(stem);
    for (let layer = 1; layer <= last; layer++) {
      // An output that only the class token is read of is computed for it alone.
      const pooled = embedding && layer === last && !taps.includes(layer);
      const pick = pooled ? this.#clsIndex(x.shape[0], x.shape[1]) : undefined;
      const run = (input: Tensor) => transformerBlock(input, blocks[layer - 1], { ...options, pick });
      // Before the first adapter nothing is trained, so nothing has to be run again.
      const again = afterBlock && x.requiresGrad && this.#keptBytes(x, last - layer + 1) > keep;
      const y = again ? checkpoint(([input]) => run(input), [x]) : run(x);
      if (!out.has(layer - 1)) discard(x);
      if (taps.includes(layer)) out.set(layer, y);
      x = afterBlock && layer < last ? afterBlock(layer, y) : y;
    }
    if (!embedding) return { taps: out, embedding: null };
    return { taps: out, embedding: x.shape.length === 2 ? this.project(x) : this.pool(x) };
  }

  /** Image embedding of the last block's output: ln_post(x[:, 0]) · proj, [B, N + 1, W] → [B, E]. */
  pool(x: Tensor): Tensor {
    return this.embedTokens(x, this.#clsIndex(x.shape[0], x.shape[1]));
  }

  /** Single tokens of the last block's output as `pool` takes the class token: ln_post(x[rows]) · proj, [n, E]. */
  embedTokens(x: Tensor, rows: Index): Tensor {
    const [batch, tokens, width] = x.shape;
    return this.project(gatherRows(reshape(x, [batch * tokens, width]), rows));
  }

  /** Tokens of the last block's output into the space of the sentences: ln_post(x) · proj, [..., W] → [..., E]. */
  project(tokens: Tensor): Tensor {
    return matmul(this.normalise(tokens), this.#weights.proj);
  }

  /** ln_post over all tokens, [..., W]. */
  normalise(x: Tensor): Tensor {
    return layerNorm(x, this.#weights.ln_post.weight, this.#weights.ln_post.bias);
  }

  /** Frees the memory of the GPU. */
  release(): void {
    this.#loader.release();
    for (const { device } of this.#clsRows.values()) device.release();
    this.#clsRows.clear();
  }

  /** About what the backward of some blocks would keep of their activations. */
  #keptBytes(x: Tensor, blocks: number): number {
    const { width, mlp } = this.config.vision;
    return blocks * (x.value.size / width) * 4 * (8 * width + 2 * mlp);
  }

  #clsIndex(batch: number, tokens: number): Index {
    const shape = `${batch} ${tokens}`;
    let index = this.#clsRows.get(shape);
    if (!index) {
      const rows = Uint32Array.from({ length: batch }, (_, b) => b * tokens);
      index = this.#gpu.lasting(() => uploadIndex(this.#gpu, rows));
      this.#clsRows.set(shape, index);
    }
    return index;
  }
}

/** Frees an intermediate value at once when no tape can need it. */
function discard(x: Tensor): void {
  if (!isRecording()) x.value.release();
}
