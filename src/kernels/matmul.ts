import { GpuArray } from '../gpu/array.ts';
import { MOST_TEXELS } from '../gpu/texels.ts';
import { activationBackward } from './activation.ts';
import { BIAS, launch } from './matmul_launch.ts';
import { aligned, formatOf, type Operand, operand, ROW_BYTES, rowsOf, startsOn } from './matmul_operand.ts';
import { chosenVariant, type MatmulPlan, type MatmulSize, planMatmul } from './matmul_plan.ts';
import { type MatmulVariant, matmulRow } from './matmul_variants.ts';
import { matmul_finish } from './shaders.gen.ts';
import { elementGrid } from './shapes.ts';

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

const ACTIVATIONS: Readonly<Record<Activation, number>> = { none: 0, relu: 1, gelu: 2, quickgelu: 3 };
const RESIDUAL = 8;
const ACCUMULATE = 16;
/** Times one of {@link ACTIVATIONS}: the residual is where a slope is taken. */
const SLOPE = 32;

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
