import { attentionReference } from '../../src/lab/reference/attention.ts';
import { activationReference, matmulReference } from '../../src/lab/reference/matmul.ts';
import { layerNorm } from '../../src/lab/reference/rows.ts';
import { noise } from '../../test/harness/close.ts';
import { BLOCK, MATMUL_SHAPES } from '../shapes.ts';

/** An input on the host. */
export interface Input {
  readonly values: Float32Array<ArrayBuffer>;
  readonly shape: readonly number[];
}

/** The same piece of work for every library. Weights of linear maps are [out, in], as checkpoints hold them. */
export interface Work {
  readonly kind: 'matmul' | 'attention' | 'layer_norm' | 'block';
  /** Kind and shape, e.g. `matmul 290×1024×4096`. */
  readonly name: string;
  /** Operations and bytes that any implementation must do or move. */
  readonly flops: number;
  readonly bytes: number;
  readonly inputs: Readonly<Record<string, Input>>;
  /** Of the result. */
  readonly shape: readonly number[];
  /** The result in float64. */
  readonly expected: () => Float64Array;
  /** Largest difference from it. */
  readonly tolerance: number;
  /** How many times as fast as the best peer this project wants to be; null: no goal was set. */
  readonly target: number | null;
}

/** Of layer norms. */
export const EPSILON = 1e-5;

const { tokens, width, heads, mlp } = BLOCK;
const matmulName = ([m, k, n]: readonly number[]) => `matmul ${m}×${k}×${n}`;
const ATTENTION_NAME = `attention ${tokens}×${heads}×${width / heads}`;
const NORM_NAME = `layer_norm ${tokens}×${width}`;
const BLOCK_NAME = `block ${tokens}×${width}`;

function input(seed: number, shape: readonly number[], scale = 1): Input {
  return {
    values: noise(
      seed,
      shape.reduce((x, y) => x * y, 1),
      scale,
    ),
    shape,
  };
}

function bytesOf(inputs: Work['inputs'], outputs: number): number {
  return 4 * (outputs + Object.values(inputs).reduce((sum, { values }) => sum + values.length, 0));
}

/** x [m, k] times w [n, k] transposed. */
function matmul([m, k, n]: readonly [number, number, number]): Work {
  const inputs = { x: input(1, [m, k]), w: input(2, [n, k]) };
  return {
    ...{ kind: 'matmul', name: matmulName([m, k, n]), flops: 2 * m * k * n, bytes: bytesOf(inputs, m * n), inputs },
    shape: [m, n],
    expected: () => matmulReference(inputs.x.values, inputs.w.values, [m, k, n], false, true),
    ...{ tolerance: 4e-6 * Math.sqrt(k), target: 2.2 },
  };
}

/** Three arrays q, k and v as one of rows [q | k | v]. */
function joined({ q, k, v }: Readonly<Record<'q' | 'k' | 'v', Input>>): Float32Array<ArrayBuffer> {
  const out = new Float32Array(3 * tokens * width);
  for (const [part, { values }] of [q, k, v].entries()) {
    for (let row = 0; row < tokens; row++) {
      out.set(values.subarray(row * width, (row + 1) * width), (3 * row + part) * width);
    }
  }
  return out;
}

const ATTENTION = { batch: 1, length: tokens, heads, width: width / heads, causal: false };

/** softmax(q kᵀ / √d) v for every head; q, k and v [tokens, width], heads side by side. */
function attention(): Work {
  const shape = [tokens, width];
  const inputs = { q: input(3, shape), k: input(4, shape), v: input(5, shape) };
  return {
    ...{ kind: 'attention', name: ATTENTION_NAME },
    ...{ flops: 4 * tokens * tokens * width, bytes: bytesOf(inputs, tokens * width), inputs },
    shape: [tokens, width],
    expected: () => attentionReference(joined(inputs), ATTENTION).out,
    ...{ tolerance: 2e-6, target: null },
  };
}

function norm(): Work {
  const inputs = { x: input(6, [tokens, width]), weight: input(7, [width]), bias: input(8, [width]) };
  const { x, weight, bias } = inputs;
  return {
    ...{ kind: 'layer_norm', name: NORM_NAME },
    ...{ flops: 8 * tokens * width, bytes: bytesOf(inputs, tokens * width), inputs },
    shape: [tokens, width],
    expected: () => layerNorm(x.values, weight.values, bias.values, EPSILON),
    ...{ tolerance: 1e-5, target: null },
  };
}

/** x += out(attention(ln_1 x)); x += proj(quickgelu(fc(ln_2 x))). */
function block(): Work {
  const linear = (name: string, seed: number, to: number, from: number) => ({
    [`${name}_weight`]: input(seed, [to, from], Math.sqrt(3 / from)),
    [`${name}_bias`]: input(seed + 1, [to]),
  });
  const affine = (name: string, seed: number) => ({
    [`${name}_weight`]: input(seed, [width]),
    [`${name}_bias`]: input(seed + 1, [width]),
  });
  const inputs: Record<string, Input> = {
    x: input(10, [tokens, width]),
    ...affine('ln_1', 11),
    ...linear('qkv', 13, 3 * width, width),
    ...linear('out', 15, width, width),
    ...affine('ln_2', 17),
    ...linear('fc', 19, mlp, width),
    ...linear('proj', 21, width, mlp),
  };
  return {
    ...{ kind: 'block', name: BLOCK_NAME, inputs },
    flops: 2 * tokens * width * (4 * width + 2 * mlp) + 4 * tokens * tokens * width,
    bytes: bytesOf(inputs, tokens * width),
    shape: [tokens, width],
    expected: () => blockReference(inputs),
    ...{ tolerance: 1e-4, target: 2.5 },
  };
}

function blockReference(inputs: Work['inputs']): Float64Array {
  const of = (name: string) => inputs[name].values;
  const linear = (x: ArrayLike<number>, name: string) => {
    const [to, from] = inputs[`${name}_weight`].shape;
    const y = matmulReference(x, of(`${name}_weight`), [tokens, from, to], false, true);
    return y.map((value, i) => value + of(`${name}_bias`)[i % to]);
  };
  const normed = (x: ArrayLike<number>, name: string) =>
    layerNorm(x, of(`${name}_weight`), of(`${name}_bias`), EPSILON);
  const seen = attentionReference(linear(normed(of('x'), 'ln_1'), 'qkv'), ATTENTION).out;
  const middle = linear(seen, 'out').map((value, i) => value + of('x')[i]);
  const hidden = linear(normed(middle, 'ln_2'), 'fc').map((value) => activationReference('quickgelu', value));
  return linear(hidden, 'proj').map((value, i) => value + middle[i]);
}

/** All pieces of work by name, made when their turn comes: the inputs of all at once would fill the memory. */
export const WORKS: ReadonlyMap<string, () => Work> = new Map([
  ...MATMUL_SHAPES.map((shape) => [matmulName(shape), () => matmul(shape)] as const),
  [ATTENTION_NAME, attention],
  [NORM_NAME, norm],
  [BLOCK_NAME, block],
]);

/** Rows of [q | k | v], as this engine's attention takes them. */
export const joinedQkv = (work: Work): Input => ({
  values: joined(work.inputs as Record<'q' | 'k' | 'v', Input>),
  shape: [1, tokens, 3 * width],
});

/** [in, out] from [out, in]: the layout that the other libraries' linear maps take. */
export function transposed({ values, shape: [rows, columns] }: Input): Input {
  const out = new Float32Array(values.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = values[i * columns + j];
  return { values: out, shape: [columns, rows] };
}

/** Whether an input is the weight of a linear map. */
export function isLinear({ inputs }: Work, name: string): boolean {
  return (name === 'w' || name.endsWith('_weight')) && inputs[name].shape.length === 2;
}
