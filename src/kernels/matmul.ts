import { type Dtype, GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { MOST_TEXELS, type TexelLayout } from '../gpu/texels.ts';
import { activationBackward } from './activation.ts';
import { chosenVariant, type MatmulPlan, type MatmulSize, planMatmul } from './matmul_plan.ts';
import {
  type MatmulBinding,
  type MatmulParam,
  type MatmulRow,
  type MatmulVariant,
  matmulRow,
} from './matmul_variants.ts';
import { matmul_finish, matmul_pack, matmul_pack_rows } from './shaders.gen.ts';
import { elementGrid, ranges } from './shapes.ts';

/** Activation of an epilogue: `gelu` is the exact one (erf), `quickgelu` is x · sigmoid(1.702 x). */
export type Activation = 'none' | 'relu' | 'gelu' | 'quickgelu';

/** What a matmul does besides multiplying: out = act(alpha · op(a) op(b) + bias) + residual. */
export interface MatmulOptions {
  /** a is stored [..., K, M]. */
  readonly transposeA?: boolean;
  /** b is stored [..., N, K]. */
  readonly transposeB?: boolean;
  /**
   * With `transposeA`, the leading axes of a and b are summed over like rows (the gradient of a weight), unless this is
   * set: then there is one product for each, [..., M, N].
   */
  readonly batched?: boolean;
  /** [N], or [G, N] with `biasRows`: row r uses bias[floor(r / biasRows)]. */
  readonly bias?: GpuArray;
  readonly biasRows?: number;
  readonly act?: Activation;
  /** Shape of the result (of `out`, where that is wider). */
  readonly residual?: GpuArray;
  /** out = alpha op(a) op(b) · act'(of) in its place: the gradient of what an activation was given, `of`, of out's shape. */
  readonly slope?: { readonly act: Exclude<Activation, 'none'>; readonly of: GpuArray };
  readonly alpha?: number;
  /** Where to write; returned. */
  readonly out?: GpuArray;
  /** Adds the final value to `out` instead of replacing it. */
  readonly accumulate?: boolean;
  /** Uses only `count` columns from `start` on of the stored matrix. */
  readonly aColumns?: readonly [start: number, count: number];
  readonly bColumns?: readonly [start: number, count: number];
  /** Writes into columns from `start` on of an `out` that is `total` wide. */
  readonly outColumns?: readonly [start: number, total: number];
}

/** A stored matrix, or a batch of them, or some of its columns. */
interface Operand {
  readonly array: GpuArray;
  readonly start: number;
  readonly stride: number;
  readonly columns: number;
  /** Rows of one matrix. */
  readonly rows: number;
  readonly batches: number;
}

const ACTIVATIONS: Readonly<Record<Activation, number>> = { none: 0, relu: 1, gelu: 2, quickgelu: 3 };
/** How the shaders are told what an operand is stored as. */
const FORMATS: Readonly<Partial<Record<Dtype, number>>> = { f32: 0, f16: 1, bf16: 2 };
const BIAS = 4;
const RESIDUAL = 8;
const ACCUMULATE = 16;
/** Times one of {@link ACTIVATIONS}: the residual is where a slope is taken. */
const SLOPE = 32;
/** Rows that a texture is filled with start on a multiple of this. */
const ROW_BYTES = 256;
const TEXEL_BYTES = 16;

/**
 * op(a) op(b) with an epilogue. op(a) is [..., M, K] and op(b) is [K, N], or [..., K, N] with the same leading axes.
 * Any sizes; products on multiples of 4 are faster. b may be stored as f16 or bf16: it is decoded where it is read, and all
 * arithmetic is f32.
 * @returns [..., M, N]; [M, N] when `transposeA` sums over the leading axes; `out` if that was given
 */
export function matmul(a: GpuArray, b: GpuArray, options: MatmulOptions = {}): GpuArray {
  return matmulWith(undefined, a, b, options);
}

/** {@link matmul} with a given variant (undefined: the best one), for tests and benches. */
export function matmulWith(
  forced: MatmulVariant | undefined,
  a: GpuArray,
  b: GpuArray,
  options: MatmulOptions = {},
): GpuArray {
  const { gpu } = a;
  const {
    transposeA = false,
    transposeB = false,
    bias,
    residual,
    act = 'none',
    slope,
    alpha = 1,
    accumulate = false,
  } = options;
  const batched = options.batched ?? (b.shape.length > 2 && !transposeA);
  const left = operand('a', a, batched, options.aColumns);
  const right = operand('b', b, batched, options.bColumns);
  const [m, k] = transposeA ? [left.columns, left.rows] : [left.rows, left.columns];
  const [n, inner] = transposeB ? [right.rows, right.columns] : [right.columns, right.rows];
  const { batches } = left;
  if (k !== inner || batches !== right.batches) {
    throw new Error(
      `matmul: [${a.shape}] · [${b.shape}] do not fit (${batches} × ${k} and ${right.batches} × ${inner})`,
    );
  }

  using scope = gpu.scope();
  const leading = batched || !transposeA ? a.shape.slice(0, -2) : [];
  const lastTwo = transposeA ? [m, n] : [a.shape[a.shape.length - 2], n];
  const out = options.out ?? GpuArray.empty(gpu, [...leading, ...lastTwo]);
  if (accumulate && !options.out) throw new Error('matmul: accumulate needs out');
  const [outStart, outStride] = options.outColumns ?? [0, n];
  const rows = batches * m;
  if (out.dtype !== 'f32' || out.size !== rows * outStride || outStart + n > outStride) {
    throw new Error(`matmul: out [${out.shape}] cannot hold columns ${outStart} + ${n} of [${rows}, ${outStride}]`);
  }
  const joined = residual ?? slope?.of;
  if (joined && joined.size !== out.size) throw new Error(`matmul: residual [${joined.shape}] for [${out.shape}]`);
  const biasRows = options.biasRows ?? Math.max(1, rows);
  // One bias for all rows is one where there are none, too.
  const biases = options.biasRows === undefined ? 1 : Math.ceil(rows / biasRows);
  if (bias && bias.size !== biases * n) {
    throw new Error(`matmul: bias [${bias.shape}] for ${rows} rows of ${n}, ${biasRows} rows each`);
  }

  const tuned = chosenVariant(gpu.facts, gpu.tuning.matmul);
  const plan = planFor([left, right], { m, n, k, batches }, forced, tuned);
  const { reads, slopes = false } = matmulRow(plan.variant);
  if (slope && (residual || act !== 'none' || options.out)) throw new Error('matmul: a slope is the whole epilogue');
  if (slope && !slopes) {
    const dx = activationBackward(matmulWith(forced, a, b, { ...options, slope: undefined }), slope.of, slope.act);
    scope.pass(dx.buffer);
    return dx;
  }
  const byRow = reads === 'rows' && transposeA;
  const x = byRow ? rowsOf(left) : aligned(left, reads, !transposeA);
  const y = aligned(right, reads, transposeB);
  // A sum in slices has its epilogue in a second pass, and so has an activation before `out` is added.
  const twoPasses = plan.slices > 1 || (accumulate && act !== 'none');
  const target = twoPasses ? GpuArray.empty(gpu, [plan.slices, rows, n], 'f32', 'matmul slices') : out;
  const epilogue =
    ACTIVATIONS[act] +
    (bias ? BIAS : 0) +
    (joined ? RESIDUAL : 0) +
    (accumulate ? ACCUMULATE : 0) +
    (slope ? SLOPE * ACTIVATIONS[slope.act] : 0);
  const extras = { bias: bias ?? x.array, residual: joined ?? x.array };
  const place = { out_start: outStart, out_stride: outStride, bias_rows: biasRows };
  const constants = {
    ...{ TRANSPOSE_A: Number(transposeA && !byRow), TRANSPOSE_B: Number(transposeB) },
    B_FORMAT: formatOf(y.array),
  };
  launch(plan, constants, {
    gpu,
    buffers: { a: x.array, b: y.array, out: target, ...extras },
    params: {
      ...{ m, n, k, batches, slice: plan.slice, alpha },
      ...{ a_start: x.start, a_stride: x.stride, a_batch: x.rows * x.stride },
      ...{ b_start: y.start, b_stride: y.stride, b_batch: y.rows * y.stride },
      ...(twoPasses ? { out_start: 0, out_stride: n, bias_rows: 1, epilogue: 0 } : { ...place, epilogue }),
    },
    flops: 2 * rows * n * k,
  });
  if (twoPasses) {
    gpu.run({
      shader: matmul_finish,
      buffers: { parts: target, out, ...extras },
      params: { rows, n, slices: plan.slices, ...place, epilogue },
      groups: elementGrid(rows * n, matmul_finish.constants.WORKGROUP),
    });
  }
  scope.pass(out.buffer);
  return out;
}

/** What all variants take. */
interface Launch {
  readonly gpu: Gpu;
  readonly buffers: Readonly<Record<MatmulBinding, GpuArray>>;
  readonly params: Readonly<Record<MatmulParam, number>>;
  readonly flops: number;
}

type Constants = Readonly<Record<'TRANSPOSE_A' | 'TRANSPOSE_B' | 'B_FORMAT', number>>;

/** The plan of a product; one whose operands are no textures, or not without a copy of them, is done without. */
function planFor(
  operands: readonly Operand[],
  size: MatmulSize,
  forced: MatmulVariant | undefined,
  tuned: MatmulVariant,
): MatmulPlan {
  const kind = operands[0].array.gpu.facts.class;
  const plan = planMatmul(kind, size, forced, tuned);
  const { reads, thin } = matmulRow(plan.variant);
  if (reads !== 'texels') return plan;
  const fits = operands.every((one) => {
    const small = one.rows * one.batches <= MOST_TEXELS && one.columns / 4 <= MOST_TEXELS;
    return small && (forced !== undefined || startsOn(one, ROW_BYTES));
  });
  return fits ? plan : planMatmul(kind, size, thin);
}

/** Starts the product, in parts where it would last longer than a submit may; the bits are the same. */
function launch(plan: MatmulPlan, constants: Constants, call: Launch): void {
  const { m, k, batches, a_start, a_stride, b_start, b_stride, out_start, out_stride, bias_rows } = call.params;
  const { a_batch, b_batch, epilogue } = call.params;
  const pieces = call.gpu.budget.pieces(call.flops);
  const part = (share: number, params: Partial<Launch['params']>): Launch => ({
    ...call,
    params: { ...call.params, ...params },
    flops: call.flops * share,
  });
  const { slices, slice } = plan;
  if (pieces === 1 || ((epilogue & BIAS) !== 0 && bias_rows < m * batches)) {
    launchPart(plan, constants, call);
  } else if (slices > 1) {
    for (const { start, count } of ranges(slices, pieces)) {
      const at = start * slice;
      const params = {
        k: Math.min(k - at, count * slice),
        a_start: a_start + at * (constants.TRANSPOSE_A ? a_stride : 1),
        b_start: b_start + at * (constants.TRANSPOSE_B ? 1 : b_stride),
        out_start: out_start + start * batches * m * out_stride,
      };
      launchPart({ ...plan, slices: count }, constants, part(params.k / k, params));
    }
  } else if (batches > 1) {
    for (const { start, count } of ranges(batches, pieces)) {
      const params = {
        batches: count,
        a_start: a_start + start * a_batch,
        b_start: b_start + start * b_batch,
        out_start: out_start + start * m * out_stride,
      };
      // One product alone may still be too long.
      launch(plan, constants, part(count / batches, params));
    }
  } else {
    for (const { start, count } of ranges(m, pieces, plan.tileM)) {
      const params = {
        m: count,
        a_start: a_start + start * (constants.TRANSPOSE_A ? 1 : a_stride),
        out_start: out_start + start * out_stride,
      };
      launchPart(plan, constants, part(count / m, params), start > 0);
    }
  }
}

/** @param sameB the dispatch before this one had the same b */
function launchPart(plan: MatmulPlan, constants: Constants, { gpu, ...call }: Launch, sameB = false): void {
  const { m, n, batches, epilogue } = call.params;
  const { variant, tileM, tileN, slices } = plan;
  const { shader, tiles, reads } = matmulRow(variant);
  const all = { ...constants, EPILOGUE: epilogue, TILE_M: tileM, TILE_N: tileN, TILE: tileM };
  const own = Object.entries(all).filter(([name]) => name in shader.constants);
  const groups = elementGrid(Math.ceil(m / tileM) * Math.ceil(n / tileN), tiles);
  const dispatch = { ...call, shader, constants: Object.fromEntries(own) };
  gpu.run({
    ...(reads === 'texels' ? withTexels(dispatch, constants, sameB) : dispatch),
    groups: [...groups, batches * slices],
  });
}

/** The same with both operands as textures, which hold what the parameters say of the buffers. */
function withTexels<T extends Omit<Launch, 'gpu'>>(
  call: T,
  { TRANSPOSE_A, TRANSPOSE_B, B_FORMAT }: Constants,
  sameB: boolean,
) {
  const { m, n, k, batches } = call.params;
  const { a_start, a_stride, a_batch, b_start, b_stride, b_batch } = call.params;
  const layout = (start: number, stride: number, batch: number, lines: number, width: number, bytes: number) => ({
    ...{ offset: start * bytes, stride: stride * bytes, columns: Math.ceil((width * bytes) / TEXEL_BYTES) },
    rows: ((batches - 1) * batch) / stride + lines,
  });
  const bytes = B_FORMAT === 0 ? 4 : 2;
  const texels: Readonly<Partial<Record<MatmulBinding, TexelLayout>>> = {
    a: layout(a_start, a_stride, a_batch, ...(TRANSPOSE_A ? ([k, m] as const) : ([m, k] as const)), 4),
    b: {
      ...layout(b_start, b_stride, b_batch, ...(TRANSPOSE_B ? ([n, k] as const) : ([k, n] as const)), bytes),
      held: sameB,
    },
  };
  const rows = { a_start: 0, b_start: 0, a_batch: a_batch / a_stride, b_batch: b_batch / b_stride };
  return { ...call, texels, params: { ...call.params, ...rows } };
}

function formatOf({ dtype }: GpuArray): number {
  return FORMATS[dtype] ?? 0;
}

function operand(what: 'a' | 'b', array: GpuArray, batched: boolean, columns?: readonly [number, number]): Operand {
  const { shape, width, dtype } = array;
  if (shape.length < 2 || !(dtype in FORMATS) || (what === 'a' && dtype !== 'f32'))
    throw new Error(`matmul: ${what} must be an f32 matrix, not ${dtype} [${shape}]`);
  const rows = batched ? shape[shape.length - 2] : array.rows;
  const [start, count] = columns ?? [0, width];
  if (start < 0 || start + count > width) throw new Error(`matmul: ${what} has no columns ${start} + ${count}`);
  return { array, start, stride: width, columns: count, rows, batches: batched ? array.rows / Math.max(1, rows) : 1 };
}

/** A transposed copy of a stored [k, m]: rows of m, each with zeros up to a multiple of 4 of k. */
function rowsOf({ array, start, stride, columns, rows, batches }: Operand): Operand {
  const padded = Math.ceil(rows / 4) * 4;
  const y = GpuArray.empty(array.gpu, [batches, columns, padded], 'f32', 'matmul operand');
  array.gpu.run({
    shader: matmul_pack_rows,
    buffers: { x: array, y },
    params: { rows: columns, width: rows, x_start: start, x_stride: stride, x_batch: rows * stride, y_stride: padded },
    groups: [Math.ceil(columns / 4), Math.ceil(padded / matmul_pack_rows.constants.SPAN), batches],
  });
  return { array: y, start: 0, stride: padded, columns: rows, rows: columns, batches };
}

/** Whether the rows of an operand start on as many bytes, and their parts in use on 16. */
function startsOn({ array, start, stride }: Operand, bytes: number): boolean {
  const size = array.dtype === 'f32' ? 4 : 2;
  return (stride * size) % bytes === 0 && (start * size) % TEXEL_BYTES === 0;
}

/**
 * The operand, or a padded copy in f32 where a variant that reads so could not read it.
 * @param alongK its rows run along k
 */
function aligned(from: Operand, reads: MatmulRow['reads'], alongK: boolean): Operand {
  const { array, start, stride, columns, rows, batches } = from;
  if (reads === 'any') return from;
  const quads = stride % 4 === 0 && start % 4 === 0 && !(alongK && columns % 4 !== 0);
  const fits = quads && (reads !== 'texels' || startsOn(from, ROW_BYTES));
  if (fits && !(reads === 'rows' && array.dtype !== 'f32')) return from;
  const step = reads === 'texels' ? ROW_BYTES / 4 : 4;
  const padded = Math.ceil(columns / step) * step;
  const y = GpuArray.empty(array.gpu, [batches, rows, padded], 'f32', 'matmul operand');
  array.gpu.run({
    shader: matmul_pack,
    constants: { X_FORMAT: formatOf(array) },
    buffers: { x: array, y },
    params: { rows: batches * rows, x_stride: stride, start, width: columns, stride: padded },
    groups: elementGrid(y.size / 4, matmul_pack.constants.WORKGROUP),
  });
  return { array: y, start: 0, stride: padded, columns, rows, batches };
}
