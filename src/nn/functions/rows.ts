import { elements, GpuArray } from '../../gpu/array.ts';
import { assembleTokensBackward, assembleTokens as forwardAssemble } from '../../kernels/assemble_tokens.ts';
import { copyElements } from '../../kernels/copy.ts';
import { gatherRows as forwardGather, scatterRows } from '../../kernels/gather_rows.ts';
import { insertRows as forwardInsert, insertRowsBackward } from '../../kernels/insert_rows.ts';
import { matmul } from '../../kernels/matmul.ts';
import {
  meanGroups as forwardMeanGroups,
  meanRows as forwardMeanRows,
  meanGroupsBackward,
  meanRowsBackward,
} from '../../kernels/mean_groups.ts';
import { patchEmbedding as forwardPatches, unfoldPatches } from '../../kernels/patch_embedding.ts';
import type { Index } from '../../kernels/row_index.ts';
import { apply, type Operation } from '../tape.ts';
import type { Tensor } from '../tensor.ts';

const gatherOperation: Operation<{ index: Index; rows: number }> = {
  name: 'gather_rows',
  forward: ([table], { index }) => ({ output: forwardGather(table, index), saved: [] }),
  backward: (grad, _, { index, rows }) => [scatterRows(grad, index.host, rows)],
};

/**
 * Rows of a table by number, e.g. token embeddings; its gradient adds the rows up again.
 * @param table [V, W]
 * @returns [n, W]
 */
export function gatherRows(table: Tensor, index: Index): Tensor {
  return apply(gatherOperation, [table], { index, rows: table.shape[0] });
}

const insertOperation: Operation<{ at: Index; set: Index; sets: number; count: number }> = {
  name: 'insert_rows',
  forward: ([rows, ctx], { at, set }) => ({ output: forwardInsert(rows, ctx, at, set), saved: [] }),
  backward(grad, _, { at, set, sets, count }, [needRows, needCtx]) {
    const d = insertRowsBackward(grad, count, at, set, sets, { rows: needRows, ctx: needCtx });
    return [d.rows, d.ctx];
  },
};

/**
 * Learnable vectors between a fixed prefix and a fixed suffix:
 * out[s] = rows[s, :at[s]] ++ ctx[set[s]] ++ rows[s, at[s]:].
 * @param rows [S, L, W] token embeddings
 * @param ctx [P, n, W] learnable vectors, one set per (branch, layer, class)
 * @returns [S, L + n, W]
 */
export function insertRows(rows: Tensor, ctx: Tensor, at: Index, set: Index): Tensor {
  return apply(insertOperation, [rows, ctx], { at, set, sets: ctx.shape[0], count: ctx.shape[1] });
}

const meanGroupsOperation: Operation<{ starts: Index; rows: number }> = {
  name: 'mean_groups',
  forward: ([x], { starts }) => ({ output: forwardMeanGroups(x, starts), saved: [] }),
  backward: (grad, _, { starts, rows }) => [meanGroupsBackward(grad, starts, rows)],
};

/** Mean over consecutive rows of unequal groups: x [rows, W], starts [G + 1] → [G, W]. */
export function meanGroups(x: Tensor, starts: Index): Tensor {
  return apply(meanGroupsOperation, [x], { starts, rows: x.shape[0] });
}

const meanRowsOperation: Operation<{ rows: number }> = {
  name: 'mean_rows',
  forward: ([x]) => ({ output: forwardMeanRows(x), saved: [] }),
  backward: (grad, _, { rows }) => [meanRowsBackward(grad, rows)],
};

/** Mean over the middle axis: x [G, R, W] → [G, W]. */
export function meanRows(x: Tensor): Tensor {
  return apply(meanRowsOperation, [x], { rows: x.shape[1] });
}

const assembleOperation: Operation<null> = {
  name: 'assemble_tokens',
  forward: ([patches, cls, positions]) => ({ output: forwardAssemble(patches, cls, positions), saved: [] }),
  backward(grad, _, __, [needPatches, needCls, needPositions]) {
    const d = assembleTokensBackward(grad, { patches: needPatches, cls: needCls, positions: needPositions });
    return [d.patches, d.cls, d.positions];
  },
};

/** [class token; patches] + positions: [B, N, W], [W], [N + 1, W] → [B, N + 1, W]. */
export function assembleTokens(patches: Tensor, cls: Tensor, positions: Tensor): Tensor {
  return apply(assembleOperation, [patches, cls, positions], null);
}

const patchOperation: Operation<{ patch: number; shape: readonly number[] }> = {
  name: 'patch_embedding',
  forward([images, weight]) {
    return { output: forwardPatches(images, weight), saved: [images] };
  },
  backward(grad, [images], { patch, shape }, [needImages]) {
    if (needImages) throw new Error('patch_embedding has no gradient with respect to the images');
    const columns = unfoldPatches(images, patch);
    const out = matmul(grad, columns, { transposeA: true });
    columns.release();
    return [null, out.reshape(shape)];
  },
};

/**
 * Convolution whose stride is its kernel size: images [B, 3, S, S], weight [W, 3, p, p] → [B, N, W], N = ⌊S/p⌋².
 * The gradient goes to the weight; images get none.
 */
export function patchEmbedding(images: Tensor, weight: Tensor): Tensor {
  return apply(patchOperation, [images, weight], { patch: weight.shape[3], shape: weight.shape });
}

const stackOperation: Operation<{ shapes: readonly (readonly number[])[] }> = {
  name: 'concatenate',
  forward(inputs) {
    const rows = inputs.reduce((n, x) => n + x.shape[0], 0);
    const output = GpuArray.empty(inputs[0].gpu, [rows, ...inputs[0].shape.slice(1)]);
    let toAt = 0;
    for (const x of inputs) {
      copyElements(x, output, { toAt });
      toAt += x.size;
    }
    return { output, saved: [] };
  },
  backward(grad, _, { shapes }, need) {
    let end = 0;
    return shapes.map((shape, i) => {
      const count = elements(shape);
      end += count;
      if (!need[i]) return null;
      const out = GpuArray.empty(grad.gpu, shape);
      copyElements(grad, out, { fromAt: end - count, count });
      return out;
    });
  },
};

/** Tensors one after the other along their first axis; the other axes are equal. */
export function concatenate(inputs: readonly Tensor[]): Tensor {
  if (inputs.length === 1) return inputs[0];
  return apply(stackOperation, inputs, { shapes: inputs.map((x) => x.shape) });
}
