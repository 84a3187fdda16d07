import { uploadIndex } from '../../src/kernels/row_index.ts';
import { concatenate, gatherRows, reshape, type Tensor } from '../../src/nn/index.ts';

/**
 * out[s] = rows[s, :at[s]] ++ ctx[set[s]] ++ rows[s, at[s]:]: learnable vectors between a fixed prefix and a fixed suffix, as the
 * plain computation has them, in whole sentences.
 * @param rows [S, L, W]
 * @param ctx [P, n, W]
 * @returns [S, L + n, W]
 */
export function insertRows(rows: Tensor, ctx: Tensor, at: ArrayLike<number>, set: ArrayLike<number>): Tensor {
  const [sentences, length, width] = rows.shape;
  const [, count] = ctx.shape;
  const order: number[] = [];
  for (let s = 0; s < sentences; s++) {
    for (let i = 0; i < length + count; i++) {
      if (i < at[s]) order.push(s * length + i);
      else if (i < at[s] + count) order.push(sentences * length + set[s] * count + i - at[s]);
      else order.push(s * length + i - count);
    }
  }
  const flat = (x: Tensor) => reshape(x, [x.value.rows, width]);
  const all = gatherRows(concatenate([flat(rows), flat(ctx)]), uploadIndex(rows.value.gpu, order));
  return reshape(all, [sentences, length + count, width]);
}
