import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { type BlockWeights, Parameter } from '../nn/index.ts';
import { StorageReport, type StoredValues, storeValues, type WeightStorage } from './weight_storage.ts';
import type { NamedTensors } from './weights.ts';

/**
 * Uploads wait in host memory for the next submit, and copies of many sizes that are freed late leave holes between the
 * stored tensors: with more bytes waiting ViT-L/14 takes 270 MB more in Deno (`npm run full -- --only load`), in the same time.
 */
const MOST_WAITING = 4 * 2 ** 20;

/** How tensors are loaded. */
export interface LoadOptions {
  /** Whether they are trained: then they are float32. */
  readonly trainable?: boolean;
  /** How matrices of a frozen model are stored; default `auto`. */
  readonly storage?: WeightStorage;
  /** Ends the loading between two tensors. */
  readonly signal?: AbortSignal;
}

/** Reads tensors of a model into parameters, one by one. */
export class ParameterLoader {
  readonly #gpu: Gpu;
  readonly #weights: NamedTensors;
  readonly #trainable: boolean;
  readonly #storage: WeightStorage;
  readonly #signal: AbortSignal | undefined;
  #waiting = 0;
  /** Everything read so far, by name. */
  readonly parameters = new Map<string, Parameter>();
  readonly report = new StorageReport();

  constructor(gpu: Gpu, weights: NamedTensors, { trainable = false, storage = 'auto', signal }: LoadOptions = {}) {
    this.#gpu = gpu;
    this.#weights = weights;
    this.#trainable = trainable;
    this.#storage = trainable ? 'f32' : storage;
    this.#signal = signal;
  }

  /** Tensor `name` under the given shape, in float32. */
  async read(name: string, shape: readonly number[]): Promise<Parameter> {
    return this.put(name, await this.#weights.read(name), shape);
  }

  /** Tensor `name` under the given shape, which only products read: stored as the options say. */
  async matrix(name: string, shape: readonly number[]): Promise<Parameter> {
    const stored = this.#weights.stored?.(name, this.#storage);
    return stored ? this.#place(name, stored, shape) : this.putMatrix(name, await this.#weights.read(name), shape);
  }

  /** {@link matrix} of values that were computed from tensors, e.g. a convolution with its norm folded in. */
  putMatrix(name: string, values: Float32Array<ArrayBuffer>, shape: readonly number[]): Promise<Parameter> {
    return this.#place(name, storeValues(name, values, this.#storage), shape);
  }

  #place(name: string, stored: StoredValues, shape: readonly number[]): Promise<Parameter> {
    this.report.add(stored);
    const { data, dtype } = stored;
    if (data instanceof Float32Array) return this.put(name, data, shape);
    return this.#own(name, GpuArray.fromBits(this.#gpu, data, shape, dtype as 'f16' | 'bf16'));
  }

  /** Values that were computed from a tensor, e.g. resized positions. */
  put(name: string, values: Float32Array<ArrayBuffer>, shape: readonly number[]): Promise<Parameter> {
    return this.#own(name, GpuArray.from(this.#gpu, values, shape));
  }

  /** All tensors of block `prefix`. */
  async block(prefix: string, width: number, mlp: number): Promise<BlockWeights> {
    const norm = async (name: string) => ({
      weight: await this.read(`${prefix}.${name}.weight`, [width]),
      bias: await this.read(`${prefix}.${name}.bias`, [width]),
    });
    const affine = async (weight: string, bias: string, shape: readonly number[]) => ({
      weight: await this.matrix(`${prefix}.${weight}`, shape),
      bias: await this.read(`${prefix}.${bias}`, [shape[0]]),
    });
    return {
      ln_1: await norm('ln_1'),
      qkv: await affine('attn.in_proj_weight', 'attn.in_proj_bias', [3 * width, width]),
      out: await affine('attn.out_proj.weight', 'attn.out_proj.bias', [width, width]),
      ln_2: await norm('ln_2'),
      fc: await affine('mlp.c_fc.weight', 'mlp.c_fc.bias', [mlp, width]),
      proj: await affine('mlp.c_proj.weight', 'mlp.c_proj.bias', [width, mlp]),
    };
  }

  /** Releases everything read, e.g. after a tensor turned out to be missing. */
  release(): void {
    for (const p of this.parameters.values()) p.release();
    this.parameters.clear();
  }

  async #own(name: string, array: GpuArray): Promise<Parameter> {
    const parameter = new Parameter(name, array, this.#trainable);
    this.parameters.set(name, parameter);
    this.#signal?.throwIfAborted();
    this.report.bytes += array.bytes;
    this.#waiting += array.bytes;
    if (this.#waiting > MOST_WAITING) {
      this.#waiting = 0;
      await this.#gpu.idle();
    }
    return parameter;
  }
}
