/** The kernels that plans choose on a GPU: what the wrappers dispatch on a stand-in of class hardware. */
import { createHash } from 'node:crypto';
import { CHOSEN } from '../../scripts/shader_cases.ts';
import { recorder } from '../../scripts/shader_recorder.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import type { Shader } from '../../src/gpu/shader.ts';
import { attention, attentionBackward } from '../../src/kernels/attention.ts';
import { matmul } from '../../src/kernels/matmul.ts';

/** A shader with its constants. */
export interface Kernel {
  readonly shader: string;
  /** Those that a dispatch set to another value than the shader has. */
  readonly constants: Readonly<Record<string, number>>;
  readonly source: string;
  /** Of the source without comments: results of another one are stale. */
  readonly hash: string;
}

/** m, k, n: of the goals, of a text tower, and thin ones; with a transposed a of more than a row m and k change places, as in gradients of weights. */
const PRODUCTS = [
  [290, 1024, 1024],
  [2320, 1024, 4096],
  [4096, 4096, 4096],
  [77, 768, 768],
  [1, 768, 768],
  [2320, 768, 2],
] as const;

/** All kernels of class hardware, each once, by name. */
export function hardwareKernels(): Kernel[] {
  const { gpu, recorded } = recorder('hardware');
  dispatchAll(gpu);
  const all = new Map<string, Kernel>();
  for (const { shader, constants, source } of recorded) {
    const own = Object.entries(constants).filter(([name, value]) => shader.constants[name] !== value);
    const hash = hashOf(source);
    all.set(hash, { shader: shader.name, constants: Object.fromEntries(own), source, hash });
  }
  return [...all.values()].sort((x, y) => nameOf(x).localeCompare(nameOf(y)));
}

/** Has every wrapper dispatch what it chooses, at the shapes of models and at the largest that are supported. */
export function dispatchAll(gpu: Gpu): void {
  for (const run of [...CHOSEN, products, heads]) {
    using _scope = gpu.scope();
    run(gpu);
  }
}

/** Of a source without its comments and spaces. */
export function hashOf(source: string): string {
  const code = source.replaceAll(/\/\/.*/g, '').replaceAll(/\s+/g, ' ');
  return createHash('sha256').update(code).digest('hex').slice(0, 16);
}

/** A shader with the constants of a dispatch: its name as of a {@link Kernel}, and all constants. */
export function kernelOf(shader: Shader, changed: Readonly<Record<string, number>> = {}) {
  const constants = { ...shader.constants, ...changed };
  const own = Object.entries(constants).filter(([name, value]) => shader.constants[name] !== value);
  return { name: nameOf({ shader: shader.name, constants: Object.fromEntries(own) }), constants };
}

/** What people call a kernel: `matmul_tile TILE 64 TRANSPOSE_B 1`. */
export function nameOf({ shader, constants }: Pick<Kernel, 'shader' | 'constants'>): string {
  return [shader, ...Object.entries(constants).map(([name, value]) => `${name} ${value}`)].join(' ');
}

function products(gpu: Gpu): void {
  for (const [m, k, n] of PRODUCTS) {
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        for (const dtype of ['f32', 'f16', 'bf16'] as const) {
          const [rows, inner] = transposeA && m > 1 ? [k, m] : [m, k];
          const a = GpuArray.empty(gpu, transposeA ? [inner, rows] : [rows, inner]);
          matmul(a, GpuArray.empty(gpu, transposeB ? [n, inner] : [inner, n], dtype), { transposeA, transposeB });
        }
      }
    }
  }
}

function heads(gpu: Gpu): void {
  for (const [length, width] of [
    [290, 64],
    [77, 64],
    [1370, 64],
    [50, 80],
  ]) {
    const qkv = GpuArray.empty(gpu, [8, length, 3 * 16 * width]);
    const { out, logSumExp } = attention(qkv, 16);
    attentionBackward(out, qkv, out, logSumExp, 16);
  }
}
