import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { type BlockWeights, Parameter } from '../nn/index.ts';
import type { ClipWeights } from './weights.ts';

/** Reads tensors of a model into parameters; frozen unless `trainable`. */
export class ParameterLoader {
  readonly #gpu: Gpu;
  readonly #weights: ClipWeights;
  readonly #trainable: boolean;
  /** Everything read so far, by name. */
  readonly parameters = new Map<string, Parameter>();

  constructor(gpu: Gpu, weights: ClipWeights, trainable: boolean) {
    this.#gpu = gpu;
    this.#weights = weights;
    this.#trainable = trainable;
  }

  /** Tensor `name` under the given shape. */
  async read(name: string, shape: readonly number[]): Promise<Parameter> {
    return this.put(name, await this.#weights.read(name), shape);
  }

  /** Values that were computed from a tensor, e.g. resized positions. */
  put(name: string, values: Float32Array<ArrayBuffer>, shape: readonly number[]): Parameter {
    const parameter = new Parameter(name, GpuArray.from(this.#gpu, values, shape), this.#trainable);
    this.parameters.set(name, parameter);
    return parameter;
  }

  /** All tensors of block `prefix`. */
  async block(prefix: string, width: number, mlp: number): Promise<BlockWeights> {
    const affine = async (weight: string, bias: string, shape: readonly number[]) => ({
      weight: await this.read(`${prefix}.${weight}`, shape),
      bias: await this.read(`${prefix}.${bias}`, [shape[0]]),
    });
    return {
      ln_1: await affine('ln_1.weight', 'ln_1.bias', [width]),
      qkv: await affine('attn.in_proj_weight', 'attn.in_proj_bias', [3 * width, width]),
      out: await affine('attn.out_proj.weight', 'attn.out_proj.bias', [width, width]),
      ln_2: await affine('ln_2.weight', 'ln_2.bias', [width]),
      fc: await affine('mlp.c_fc.weight', 'mlp.c_fc.bias', [mlp, width]),
      proj: await affine('mlp.c_proj.weight', 'mlp.c_proj.bias', [width, mlp]),
    };
  }

  /** Releases everything read, e.g. after a tensor turned out to be missing. */
  release(): void {
    for (const p of this.parameters.values()) p.release();
    this.parameters.clear();
  }
}
