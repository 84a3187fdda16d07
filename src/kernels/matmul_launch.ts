import type { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { TexelLayout } from '../gpu/texels.ts';
import { TEXEL_BYTES } from './matmul_operand.ts';
import type { MatmulPlan } from './matmul_plan.ts';
import { type MatmulBinding, type MatmulParam, matmulRow, type VariantBinding } from './matmul_variants.ts';
import { elementGrid, ranges } from './shapes.ts';

/** Bit of `epilogue`: a bias is added. */
export const BIAS = 4;

/** What all variants take. */
export interface Launch {
  readonly gpu: Gpu;
  readonly buffers: Readonly<Record<MatmulBinding, GpuArray>>;
  readonly params: Readonly<Record<MatmulParam, number>>;
  readonly flops: number;
}

type Constants = Readonly<Record<'TRANSPOSE_A' | 'TRANSPOSE_B' | 'B_FORMAT', number>>;

/** Starts the product, in parts where it would last longer than a submit may; the bits are the same. */
export function launch(plan: MatmulPlan, constants: Constants, call: Launch): void {
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
  const own: Record<string, number> = {};
  for (const name in all) if (name in shader.constants) own[name] = all[name as keyof typeof all];
  const groups = elementGrid(Math.ceil(m / tileM) * Math.ceil(n / tileN), tiles);
  const twice = shader.bindings.some(({ name }) => name === 'b_pairs');
  const buffers = { ...call.buffers, ...(twice && { b_pairs: call.buffers.b }) } as Record<VariantBinding, GpuArray>;
  const dispatch = { ...call, shader, constants: own, buffers };
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
