import { assembleTokensBackward, assembleTokens as forwardAssemble } from '../../kernels/assemble_tokens.ts';
import { gatherRows as forwardGather, scatterRows } from '../../kernels/gather_rows.ts';
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

const placeOperation: Operation<{ places: Index; own: Index }> = {
  name: 'place_rows',
  forward: ([constant, rows], { places }) => ({ output: forwardGather(constant, places, rows), saved: [] }),
  backward(grad, _, { own }, [needConstant]) {
    if (needConstant) throw new Error('place_rows has no gradient with respect to the constant rows');
    return [null, forwardGather(grad, own)];
  },
};

/**
 * Constant rows and others at their places; only the others have a gradient.
 * @param constant [P, W]
 * @param rows [R, W]
 * @param places for each of n places a row of the P constant and the R others after them
 * @param own the one place of each of the R
 * @returns [n, W]
 */
export function placeRows(constant: Tensor, rows: Tensor, places: Index, own: Index): Tensor {
  return apply(placeOperation, [constant, rows], { places, own });
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
