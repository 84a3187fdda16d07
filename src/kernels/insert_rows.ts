import { GpuArray } from '../gpu/array.ts';
import { expectIndex, type Index, uploadIndex } from './row_index.ts';
import { insert_rows, insert_rows_backward, insert_rows_backward_ctx } from './shaders.gen.ts';
import { elementGrid, expectAtMost, expectShape } from './shapes.ts';

/** Gradients of {@link insertRows}; null where not needed. */
export interface InsertRowsGradients {
  /** [S, L, W] */
  readonly rows: GpuArray | null;
  /** [P, n, W], summed over the sentences of each set in their order */
  readonly ctx: GpuArray | null;
}

const MOST_SENTENCES = 65_000;

/**
 * out[s] = rows[s, :at[s]] ++ ctx[set[s]] ++ rows[s, at[s]:]: learnable prompt vectors between a fixed prefix and suffix.
 * @param rows [S, L, W]
 * @param ctx [P, n, W]
 * @param at [S], where to insert: 0 … L. A plain array is uploaded for this call
 * @param set [S], which of the P vector sets
 * @returns [S, L + n, W]
 */
export function insertRows(rows: GpuArray, ctx: GpuArray, at: Uint32Array | Index, set: Uint32Array | Index): GpuArray {
  const { gpu } = rows;
  const [sentences, length, width] = rows.shape;
  const [sets, inserted] = ctx.shape;
  expectShape('insert_rows rows', rows, [sentences, length, width]);
  expectShape('insert_rows ctx', ctx, [sets, inserted, width]);
  expectIndex('insert_rows at', hostOf(at), sentences, length + 1);
  expectIndex('insert_rows set', hostOf(set), sentences, sets);
  const out = GpuArray.empty(gpu, [sentences, length + inserted, width]);
  withDevice(rows, [at, set], ([atDevice, which]) => {
    gpu.run({
      shader: insert_rows,
      buffers: { rows, ctx, at: atDevice, which, out },
      params: { size: out.size, length, inserted, width },
      groups: elementGrid(out.size, insert_rows.constants.WORKGROUP),
    });
  });
  return out;
}

/**
 * @param grad d loss / d out, [S, L + n, W]
 * @param n rows that were inserted
 * @param at [S] and @param set [S] as in {@link insertRows}
 * @param sets P, number of vector sets
 */
export function insertRowsBackward(
  grad: GpuArray,
  n: number,
  at: Uint32Array | Index,
  set: Uint32Array | Index,
  sets: number,
  need: { readonly rows: boolean; readonly ctx: boolean },
): InsertRowsGradients {
  const { gpu } = grad;
  const [sentences, stride, width] = grad.shape;
  const length = stride - n;
  expectIndex('insert_rows at', hostOf(at), sentences, length + 1);
  expectIndex('insert_rows set', hostOf(set), sentences, sets);
  expectAtMost('insert_rows: sentences', sentences, MOST_SENTENCES);
  const rows = need.rows ? GpuArray.empty(gpu, [sentences, length, width]) : null;
  const ctx = need.ctx ? GpuArray.empty(gpu, [sets, n, width]) : null;
  withDevice(grad, [at, set], ([atDevice, which]) => {
    if (rows) {
      gpu.run({
        shader: insert_rows_backward,
        buffers: { grad, at: atDevice, drows: rows },
        params: { size: rows.size, length, inserted: n, width },
        groups: elementGrid(rows.size, insert_rows_backward.constants.WORKGROUP),
      });
    }
    if (ctx) {
      gpu.run({
        shader: insert_rows_backward_ctx,
        buffers: { grad, at: atDevice, which, dctx: ctx },
        params: { size: ctx.size, sentences, stride, inserted: n, width },
        groups: elementGrid(ctx.size, insert_rows_backward_ctx.constants.WORKGROUP),
        flops: sentences * n * width,
      });
    }
  });
  return { rows, ctx };
}

function hostOf(index: Uint32Array | Index): Uint32Array {
  return index instanceof Uint32Array ? index : index.host;
}

/** Runs `body` with the device arrays of the indices; those that had to be uploaded are released afterwards. */
function withDevice(
  { gpu }: GpuArray,
  indices: readonly (Uint32Array | Index)[],
  body: (devices: GpuArray[]) => void,
): void {
  const devices = indices.map((index) =>
    index instanceof Uint32Array ? uploadIndex(gpu, index).device : index.device,
  );
  body(devices);
  devices.forEach((device, i) => {
    if (indices[i] instanceof Uint32Array) device.release();
  });
}
