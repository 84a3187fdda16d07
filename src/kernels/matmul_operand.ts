import { type Dtype, GpuArray } from '../gpu/array.ts';
import type { MatmulRow } from './matmul_variants.ts';
import { matmul_pack, matmul_pack_rows } from './shaders.gen.ts';
import { elementGrid } from './shapes.ts';

/** A stored matrix, or a batch of them, or some of its columns. */
export interface Operand {
  readonly array: GpuArray;
  readonly start: number;
  readonly stride: number;
  readonly columns: number;
  /** Rows of one matrix. */
  readonly rows: number;
  readonly batches: number;
}

const FORMATS: Readonly<Partial<Record<Dtype, number>>> = { f32: 0, f16: 1, bf16: 2 };
/** Rows that a texture is filled with start on a multiple of this. */
export const ROW_BYTES = 256;
/** Bytes of a texel. */
export const TEXEL_BYTES = 16;

/** How the shaders are told what an array is stored as. */
export function formatOf({ dtype }: GpuArray): number {
  return FORMATS[dtype] ?? 0;
}

/** What a product reads of an array. @throws Error for columns that it has not, and what is no matrix */
export function operand(
  what: 'a' | 'b',
  array: GpuArray,
  batched: boolean,
  columns?: readonly [number, number],
): Operand {
  const { shape, width, dtype } = array;
  if (shape.length < 2 || !(dtype in FORMATS) || (what === 'a' && dtype !== 'f32'))
    throw new Error(`matmul: ${what} must be an f32 matrix, not ${dtype} [${shape}]`);
  const rows = batched ? shape[shape.length - 2] : array.rows;
  const [start, count] = columns ?? [0, width];
  if (start < 0 || start + count > width) throw new Error(`matmul: ${what} has no columns ${start} + ${count}`);
  return { array, start, stride: width, columns: count, rows, batches: batched ? array.rows / Math.max(1, rows) : 1 };
}

/** A transposed copy of a stored [k, m]: rows of m, each with zeros up to a multiple of 4 of k. */
export function rowsOf({ array, start, stride, columns, rows, batches }: Operand): Operand {
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
export function startsOn({ array, start, stride }: Operand, bytes: number): boolean {
  const size = array.dtype === 'f32' ? 4 : 2;
  return (stride * size) % bytes === 0 && (start * size) % TEXEL_BYTES === 0;
}

/**
 * The operand, or a padded copy in f32 where a variant that reads so could not read it.
 * @param alongK its rows run along k
 */
export function aligned(from: Operand, reads: MatmulRow['reads'], alongK: boolean): Operand {
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
