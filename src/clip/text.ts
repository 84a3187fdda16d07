import { FusionclipError } from '../base/errors.ts';
import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { copyElements } from '../kernels/copy.ts';
import { type Index, uploadIndex } from '../kernels/row_index.ts';
import {
  type Affine,
  add,
  type BlockWeights,
  gatherRows,
  isRecording,
  layerNorm,
  matmul,
  type Parameter,
  reshape,
  Tape,
  Tensor,
  transformerBlock,
} from '../nn/index.ts';
import { blockQkv } from '../nn/transformer.ts';
import { type LoadOptions, ParameterLoader } from './blocks.ts';
import type { Activation, ClipConfig } from './config.ts';
import { type PrefixedSentence, TextPrefix } from './text_prefix.ts';
import type { StorageReport } from './weight_storage.ts';
import type { ClipWeights } from './weights.ts';

/** How a text tower is opened. */
export interface TextOptions extends LoadOptions {
  readonly act?: Activation;
}

interface TextWeights {
  /** [vocab, width]; only where it is trained. */
  readonly tokens: Parameter | null;
  readonly positions: Parameter;
  readonly blocks: readonly BlockWeights[];
  readonly ln_final: Affine;
  readonly projection: Parameter;
}

/**
 * CLIP's causal text transformer: token + position embeddings → pre-norm blocks → ln_final → the row of the
 * end-of-text token · text_projection. Unless it is trained, the token table stays in the model's file; only the rows in
 * use are read.
 */
export class TextTower {
  readonly config: ClipConfig;
  readonly act: Activation;
  readonly #gpu: Gpu;
  readonly #source: ClipWeights;
  readonly #weights: TextWeights;
  readonly #loader: ParameterLoader;
  readonly #ranges = new Map<number, Index>();

  private constructor(
    gpu: Gpu,
    source: ClipWeights,
    options: TextOptions,
    weights: TextWeights,
    loader: ParameterLoader,
  ) {
    this.#gpu = gpu;
    this.#source = source;
    this.config = source.config;
    this.act = options.act ?? source.config.act;
    this.#weights = weights;
    this.#loader = loader;
  }

  /** Reads the tower's tensors one by one. Throws `bad_model` when one is missing or of a wrong shape. */
  static async load(gpu: Gpu, source: ClipWeights, options: TextOptions = {}): Promise<TextTower> {
    const { width, layers, mlp, context, vocab } = source.config.text;
    const loader = new ParameterLoader(gpu, source, options);
    try {
      const tokens = options.trainable ? await loader.read('token_embedding.weight', [vocab, width]) : null;
      const positions = await loader.read('positional_embedding', [context, width]);
      const blocks: BlockWeights[] = [];
      for (let i = 0; i < layers; i++) blocks.push(await loader.block(`transformer.resblocks.${i}`, width, mlp));
      const ln_final = {
        weight: await loader.read('ln_final.weight', [width]),
        bias: await loader.read('ln_final.bias', [width]),
      };
      const projection = await loader.matrix('text_projection', [width, source.config.embed]);
      return new TextTower(gpu, source, options, { tokens, positions, blocks, ln_final, projection }, loader);
    } catch (error) {
      loader.release();
      throw error;
    }
  }

  /** Parameters by their OpenAI names. */
  get parameters(): ReadonlyMap<string, Parameter> {
    return this.#loader.parameters;
  }

  /** How the tensors are stored; the token table is not among them unless it is trained. */
  get storage(): StorageReport {
    return this.#loader.report;
  }

  /**
   * Token embeddings of sentences of any length, shorter ones padded with copies of their last token; the tower is
   * causal, so what follows the end-of-text token cannot matter.
   * @returns [S, L, W], L the longest length
   */
  async embed(sentences: readonly (readonly number[])[]): Promise<GpuArray> {
    using job = this.#gpu.job();
    const width = this.config.text.width;
    const length = Math.max(...sentences.map((s) => s.length));
    const unique = [...new Set(sentences.flat())].sort((a, b) => a - b);
    const slot = new Map(unique.map((id, i) => [id, i]));
    const table = await this.#source.readRows('token_embedding.weight', unique);
    const rows = () => {
      const all = new Float32Array(sentences.length * length * width);
      sentences.forEach((ids, s) => {
        for (let i = 0; i < length; i++) {
          const row = slot.get(ids[Math.min(i, ids.length - 1)])!;
          all.set(table.subarray(row * width, (row + 1) * width), (s * length + i) * width);
        }
      });
      return all;
    };
    const out = job.do(() => GpuArray.made(this.#gpu, rows, [sentences.length, length, width]));
    job.pass(out.buffer);
    return out;
  }

  /**
   * {@link embed} from the trained table, with its gradient.
   * @returns [S, L, W], L the longest length
   */
  lookUp(sentences: readonly (readonly number[])[]): Tensor {
    const { tokens } = this.#weights;
    if (!tokens) throw new Error('the token table is not on the GPU: the tower was not loaded as trainable');
    const length = Math.max(...sentences.map((s) => s.length));
    const ids = sentences.flatMap((s) => Array.from({ length }, (_, i) => s[Math.min(i, s.length - 1)]));
    const rows = gatherRows(tokens, uploadIndex(this.#gpu, ids));
    return reshape(rows, [sentences.length, length, this.config.text.width]);
  }

  /**
   * Token embeddings [S, L, W] (positions not yet added) → text embeddings [S, E], not normalised.
   * @param eot rows `s · L + index of the end-of-text token`, see {@link endOfText}
   */
  encode(rows: Tensor, eot: Index): Tensor {
    const { positions, blocks, ln_final, projection } = this.#weights;
    const length = rows.shape[1];
    if (length > this.config.text.context) {
      throw new Error(`a sentence of ${length} tokens is longer than the context of ${this.config.text.context}`);
    }
    const table = gatherRows(positions, this.#range(length));
    const options = { heads: this.config.text.heads, act: this.act, causal: true };
    let x = add(rows, table);
    blocks.forEach((block, i) => {
      // The last block is read at the end-of-text token alone.
      const y = transformerBlock(x, block, i === blocks.length - 1 ? { ...options, pick: eot } : options);
      if (!isRecording()) x.value.release();
      x = y;
    });
    return matmul(layerNorm(x, ln_final.weight, ln_final.bias), projection);
  }

  /**
   * Runs the beginnings of sentences, each distinct one once. The caller releases the result.
   * @throws what the signal was fired with
   */
  async prefix(sentences: readonly PrefixedSentence[], signal?: AbortSignal): Promise<TextPrefix> {
    const { blocks, positions } = this.#weights;
    using job = this.#gpu.job();
    const unique = [...new Map(sentences.map(({ prefix }) => [prefix.join(), prefix]))];
    const rows = new Tensor(await job.do(() => this.embed(unique.map(([, ids]) => ids))));
    const run = () => {
      let x = add(rows, gatherRows(positions, this.#range(rows.shape[1])));
      return blocks.map((block) => {
        const { value } = blockQkv(x, block);
        x = transformerBlock(x, block, { heads: this.config.text.heads, act: this.act, causal: true });
        return value;
      });
    };
    await this.#gpu.prepare(() => Tape.pause(run), signal);
    signal?.throwIfAborted();
    return job.do(() => {
      const tables = Tape.pause(run).map((qkv) => new Tensor(qkv.reshape([qkv.rows, qkv.width]).keep()));
      const names = unique.map(([name]) => name);
      return new TextPrefix(this.#gpu, sentences, names, tables);
    });
  }

  /**
   * {@link encode} of sentences whose beginnings were run before: the same embeddings, of which only the R rows that can
   * change are computed, and no row after an end of text.
   * @param rows [R, W] token embeddings and learnable vectors of one sentence after the other, positions not yet added
   * @returns [S, E], not normalised
   */
  encodeAfter(prefix: TextPrefix, rows: Tensor): Tensor {
    const { positions, blocks, ln_final, projection } = this.#weights;
    let x = add(rows, gatherRows(positions, prefix.positions));
    blocks.forEach((block, i) => {
      const pick = i === blocks.length - 1 ? prefix.ends : undefined;
      const options = { heads: this.config.text.heads, act: this.act, causal: true, before: prefix.before(i), pick };
      const y = transformerBlock(x, block, options);
      if (!isRecording()) x.value.release();
      x = y;
    });
    return matmul(layerNorm(x, ln_final.weight, ln_final.bias), projection);
  }

  /** Rows to pool at: for every sentence the index of its end-of-text token within [S · L]. */
  endOfText(positions: readonly number[], length: number): Index {
    return uploadIndex(
      this.#gpu,
      Uint32Array.from(positions, (p, s) => s * length + p),
    );
  }

  /** Embeddings [S, E] of plain sentences (ids with start and end token), `chunk` at a time, unless the signal fires. */
  async encodeSentences(
    sentences: readonly (readonly number[])[],
    chunk = 64,
    signal?: AbortSignal,
  ): Promise<GpuArray> {
    const { embed } = this.config;
    using job = this.#gpu.job();
    const out = job.do(() => GpuArray.empty(this.#gpu, [sentences.length, embed]));
    for (let start = 0; start < sentences.length; start += chunk) {
      const part = sentences.slice(start, start + chunk);
      using chunkJob = job.do(() => this.#gpu.job());
      const rows = await chunkJob.do(() => this.embed(part));
      const encode = () => {
        const ends = part.map((ids) => endPosition(ids, this.config.eot));
        const { value } = this.encode(new Tensor(rows), this.endOfText(ends, rows.shape[1]));
        copyElements(value, out, { toAt: start * embed });
      };
      if (start === 0) await this.#gpu.prepare(encode, signal);
      signal?.throwIfAborted();
      chunkJob.do(encode);
    }
    job.pass(out.buffer);
    return out;
  }

  /** Frees the memory of the GPU. */
  release(): void {
    this.#loader.release();
    for (const { device } of this.#ranges.values()) device.release();
    this.#ranges.clear();
  }

  #range(length: number): Index {
    return uploadIndex(
      this.#gpu,
      Uint32Array.from({ length }, (_, i) => i),
    );
  }
}

/**
 * Index of the end-of-text token: the first place of the largest id (`argmax`), or of the configuration's own id.
 * @throws FusionclipError `bad_model` when the sentence does not hold that id
 */
export function endPosition(ids: readonly number[], eot: ClipConfig['eot']): number {
  const place = ids.indexOf(eot === 'argmax' ? Math.max(...ids) : eot);
  if (place >= 0) return place;
  throw new FusionclipError(
    'bad_model',
    `The model reads a sentence at the token ${eot}, which the sentence does not hold; use the tokenizer of the model.`,
  );
}
