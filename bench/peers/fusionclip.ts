import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { attention } from '../../src/kernels/attention.ts';
import { layerNorm } from '../../src/kernels/layer_norm.ts';
import { matmul } from '../../src/kernels/matmul.ts';
import { type BlockWeights, Tensor, transformerBlock } from '../../src/nn/index.ts';
import { BLOCK } from '../shapes.ts';
import type { Job, Peer } from './peer.ts';
import { EPSILON, type Input, joinedQkv, type Work } from './work.ts';

/** This project's engine, without the profiler. */
export class Fusionclip implements Peer {
  readonly name = 'fusionclip';
  readonly #gpu: Gpu;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  async open(): Promise<void> {}

  async prepare(work: Work): Promise<Job> {
    const gpu = this.#gpu;
    const inputs = new Map<string, GpuArray>();
    const upload = (name: string, { values, shape }: Input) => inputs.set(name, GpuArray.from(gpu, values, shape));
    if (work.kind === 'attention') upload('qkv', joinedQkv(work));
    else for (const [name, input] of Object.entries(work.inputs)) upload(name, input);
    const start = starter(work, (name) => inputs.get(name)!);
    let last: GpuArray | null = null;
    return {
      run: () => {
        using scope = gpu.scope();
        last?.release();
        last = start();
        scope.pass(last.buffer);
      },
      done: () => gpu.idle(),
      read: () => last!.read(),
      release: () => {
        last?.release();
        for (const array of inputs.values()) array.release();
        gpu.trim();
      },
    };
  }
}

function starter({ kind }: Work, of: (name: string) => GpuArray): () => GpuArray {
  switch (kind) {
    case 'matmul':
      return () => matmul(of('x'), of('w'), { transposeB: true });
    case 'attention':
      return () => attention(of('qkv'), BLOCK.heads).out;
    case 'layer_norm':
      return () => layerNorm(of('x'), of('weight'), of('bias'), EPSILON).y;
    case 'block': {
      const affine = (name: string) => ({
        weight: new Tensor(of(`${name}_weight`)),
        bias: new Tensor(of(`${name}_bias`)),
      });
      const weights: BlockWeights = {
        ...{ ln_1: affine('ln_1'), qkv: affine('qkv'), out: affine('out') },
        ...{ ln_2: affine('ln_2'), fc: affine('fc'), proj: affine('proj') },
      };
      const x = new Tensor(of('x').reshape([1, BLOCK.tokens, BLOCK.width]));
      return () => transformerBlock(x, weights, { heads: BLOCK.heads, act: 'quickgelu', causal: false }).value;
    }
  }
}
