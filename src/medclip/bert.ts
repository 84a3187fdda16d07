import { type LoadOptions, ParameterLoader } from '../clip/blocks.ts';
import type { StorageReport } from '../clip/weight_storage.ts';
import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { attention } from '../kernels/attention.ts';
import { copyElements } from '../kernels/copy.ts';
import { addInto } from '../kernels/elementwise.ts';
import { gatherRows, uploadIndex } from '../kernels/gather_rows.ts';
import { layerNorm } from '../kernels/layer_norm.ts';
import { matmul } from '../kernels/matmul.ts';
import { meanRows } from '../kernels/mean_groups.ts';
import type { Affine, BlockWeights, Parameter } from '../nn/index.ts';
import type { MedClipConfig } from './config.ts';
import type { MedClipWeights } from './stage_tower.ts';

interface BertWeights {
  readonly ln_embed: Affine;
  readonly blocks: readonly BlockWeights[];
  readonly head: Parameter;
}

const EPSILON = 1e-12;
/** Sentences that go through the tower together. */
const CHUNK = 64;

/**
 * BERT with MedCLIP's pooling: word + position + type embeddings → ln_embed → post-norm blocks; the outputs of the
 * first, the second and the last block are averaged over their tokens and over each other, then · headᵀ. The tables of
 * embeddings stay in the model's file; only the rows in use are read.
 */
export class BertTower {
  readonly config: MedClipConfig['text'];
  readonly #gpu: Gpu;
  readonly #source: MedClipWeights;
  readonly #weights: BertWeights;
  readonly #loader: ParameterLoader;

  private constructor(gpu: Gpu, source: MedClipWeights, weights: BertWeights, loader: ParameterLoader) {
    this.#gpu = gpu;
    this.#source = source;
    this.config = source.config.text;
    this.#weights = weights;
    this.#loader = loader;
  }

  /** Reads the tower's tensors one by one. Throws `bad_model`. */
  static async load(gpu: Gpu, source: MedClipWeights, options: LoadOptions = {}): Promise<BertTower> {
    const { width, layers, mlp } = source.config.text;
    const loader = new ParameterLoader(gpu, source, options);
    try {
      const ln_embed = {
        weight: await loader.read('ln_embed.weight', [width]),
        bias: await loader.read('ln_embed.bias', [width]),
      };
      const blocks: BlockWeights[] = [];
      for (let i = 0; i < layers; i++) blocks.push(await loader.block(`text.${i}`, width, mlp));
      const head = await loader.matrix('text_head.weight', [source.config.embed, width]);
      return new BertTower(gpu, source, { ln_embed, blocks, head }, loader);
    } catch (error) {
      loader.release();
      throw error;
    }
  }

  /** How the tensors are stored; the tables of embeddings are not among them. */
  get storage(): StorageReport {
    return this.#loader.report;
  }

  /**
   * Embeddings of sentences (ids with start and end), padded to the longest of them: padding is not seen by other tokens,
   * but its own outputs count in the means, so a sentence has another embedding beside a longer one.
   * @param pad id of the padding
   * @returns [S, E], not normalised
   */
  async encodeSentences(
    sentences: readonly (readonly number[])[],
    pad: number,
    signal?: AbortSignal,
  ): Promise<GpuArray> {
    const { embed } = this.#source.config;
    const length = Math.max(...sentences.map((ids) => ids.length));
    if (length > this.config.positions) {
      throw new Error(`a sentence of ${length} tokens is longer than the ${this.config.positions} positions`);
    }
    using job = this.#gpu.job();
    const groups = byLength(sentences);
    const sorted = job.do(() => GpuArray.empty(this.#gpu, [sentences.length, embed]));
    let done = 0;
    for (const [keys, all] of groups) {
      for (let start = 0; start < all.length; start += CHUNK) {
        const part = all.slice(start, start + CHUNK);
        const padded = part.map((s) => Array.from({ length }, (_, i) => sentences[s][i] ?? pad));
        const words = await this.#embed(padded);
        const encode = () => {
          using _scope = this.#gpu.scope();
          const rows = this.#encode(GpuArray.from(this.#gpu, words, [part.length, length, this.config.width]), keys);
          copyElements(rows, sorted, { toAt: embed * done });
        };
        if (done === 0) await this.#gpu.prepare(encode, signal);
        signal?.throwIfAborted();
        job.do(encode);
        done += part.length;
      }
    }
    const place = new Map([...groups.values()].flat().map((s, i) => [s, i]));
    const order = sentences.map((_, s) => place.get(s)!);
    const out = job.do(() => gatherRows(sorted, uploadIndex(this.#gpu, order)));
    job.pass(out.buffer);
    return out;
  }

  /** Frees the memory of the GPU. */
  release(): void {
    this.#loader.release();
  }

  /** Word + position + type embeddings, [S, L, W]. */
  async #embed(sentences: readonly (readonly number[])[]): Promise<Float32Array<ArrayBuffer>> {
    const { width } = this.config;
    const length = sentences[0].length;
    const words = await this.#source.readRows('token_embedding.weight', sentences.flat());
    const type = await this.#source.readRows('type_embedding.weight', [0]);
    const places = await this.#source.readRows(
      'positional_embedding',
      Array.from({ length }, (_, i) => i),
    );
    return words.map((word, i) => Math.fround(word + type[i % width]) + places[i % (length * width)]);
  }

  /** [S, L, W] → [S, E]; the first `keys` tokens of every sentence are no padding. */
  #encode(rows: GpuArray, keys: number): GpuArray {
    const { ln_embed, blocks, head } = this.#weights;
    const { heads } = this.config;
    using scope = this.#gpu.scope();
    let x = normalise(rows, ln_embed);
    let sum: GpuArray | null = null;
    for (const [i, block] of blocks.entries()) {
      const y = postNormBlock(x, block, heads, keys);
      x.release();
      x = y;
      if (i > 1 && i < blocks.length - 1) continue;
      const mean = meanRows(x);
      if (sum) addInto(sum, mean);
      else sum = mean;
      // A second block that is the last one counts twice.
      if (i === 1 && i === blocks.length - 1) addInto(sum, mean);
    }
    const embeddings = matmul(sum!, head.value, { transposeB: true, alpha: 1 / 3 });
    scope.pass(embeddings.buffer);
    return embeddings;
  }
}

/** x ← ln_1(x + out(attention(x))); x ← ln_2(x + proj(gelu(fc x))), [S, L, W]. */
function postNormBlock(x: GpuArray, weights: BlockWeights, heads: number, keys: number): GpuArray {
  using scope = x.gpu.scope();
  const { ln_1, qkv, out, ln_2, fc, proj } = weights;
  const project = (input: GpuArray, { weight, bias }: Affine, extra: Parameters<typeof matmul>[2] = {}) =>
    matmul(input, weight.value, { transposeB: true, bias: bias.value, ...extra });
  const seen = attention(project(x, qkv), heads, { keys }).out;
  const middle = normalise(project(seen, out, { residual: x }), ln_1);
  const y = normalise(project(project(middle, fc, { act: 'gelu' }), proj, { residual: middle }), ln_2);
  scope.pass(y.buffer);
  return y;
}

function normalise(x: GpuArray, { weight, bias }: Affine): GpuArray {
  return layerNorm(x, weight.value, bias.value, EPSILON).y;
}

/** Indices of sentences by their length. */
function byLength(sentences: readonly (readonly number[])[]): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  sentences.forEach(({ length }, s) => {
    const group = groups.get(length);
    if (group) group.push(s);
    else groups.set(length, [s]);
  });
  return groups;
}
