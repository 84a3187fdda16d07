import { GpuArray } from '../gpu/array.ts';
import { matmul } from './matmul.ts';
import { rowLaunch } from './rows.ts';
import { bank_distance, bank_distance_norms } from './shaders.gen.ts';
import { expectShape } from './shapes.ts';

/** Rows of the bank that are compared at a time: a multiple of 64, so that every piece starts on 256 bytes. */
const PIECE_STEP = 64;
const MAX_PIECE = 16384;
/** Products held at a time (16 MiB): large enough for a full-speed matmul, small beside the bank. */
const MAX_PRODUCTS = 2 ** 22;

/**
 * Distance to the nearest row of a memory bank: out[r] = min over m of 1 − cos(query[r], bank[m]), where a row is divided
 * by max(|row|, 1e-12). The bank is gone through in pieces: a matmul, whose products are folded into the minimum.
 * @param query [rows, D]
 * @param bank [M, D], or several of them where one would be larger than the adapter can bind
 * @returns [rows]
 */
export function bankDistance(query: GpuArray, bank: GpuArray | readonly GpuArray[]): GpuArray {
  const { gpu } = query;
  const [rows, width] = query.shape;
  expectShape('bank_distance query', query, [rows, width]);
  const banks: readonly GpuArray[] = bank instanceof GpuArray ? [bank] : bank;
  for (const one of banks) expectShape('bank_distance bank', one, [one.shape[0], width]);
  if (!banks.some((one) => one.shape[0] > 0)) throw new Error('bank_distance: the bank is empty');
  const best = GpuArray.empty(gpu, [rows]);
  const queryNorm = norms(query);
  const fitting = Math.floor(MAX_PRODUCTS / Math.max(1, rows) / PIECE_STEP) * PIECE_STEP;
  const piece = Math.min(MAX_PIECE, Math.max(PIECE_STEP, fitting));
  let first = 1;
  for (const one of banks) {
    const bankNorm = norms(one);
    for (let start = 0; start < one.shape[0]; start += piece) {
      const count = Math.min(piece, one.shape[0] - start);
      const part = one.view(start, count);
      if (!part) throw new Error('bank_distance: a bank must start on 256 bytes');
      const dots = matmul(query, part, { transposeB: true });
      gpu.run({
        shader: bank_distance,
        buffers: { dots, query_norm: queryNorm, bank_norm: bankNorm, best },
        params: { rows, count, start, first },
        ...rowLaunch(gpu, rows, count),
      });
      dots.release();
      first = 0;
    }
    bankNorm.release();
  }
  queryNorm.release();
  return best;
}

/** 1 / max(|row|, 1e-12) of every row. */
function norms(x: GpuArray): GpuArray {
  const [rows, width] = x.shape;
  const norm = GpuArray.empty(x.gpu, [rows]);
  x.gpu.run({
    shader: bank_distance_norms,
    buffers: { x, norm },
    params: { rows, width },
    ...rowLaunch(x.gpu, rows, width),
    flops: 2 * rows * width,
  });
  return norm;
}
