import { attentionBackward, attention as forward } from '../../kernels/attention.ts';
import { apply, type Operation } from '../tape.ts';
import type { Tensor } from '../tensor.ts';

const operation: Operation<{ heads: number; causal: boolean }> = {
  name: 'attention',
  forward([qkv], { heads, causal }) {
    const { out, logSumExp } = forward(qkv, heads, { causal });
    return { output: out, saved: [qkv, out, logSumExp] };
  },
  backward(grad, [qkv, out, logSumExp], { heads, causal }) {
    return [attentionBackward(grad, qkv, out, logSumExp, heads, { causal })];
  },
};

/**
 * softmax(q kᵀ / √d) v for every head, d = W / heads; no score matrix is kept.
 * @param qkv [B, L, 3W], the query, key and value projections side by side
 * @returns [B, L, W]
 */
export function attention(qkv: Tensor, heads: number, causal: boolean): Tensor {
  return apply(operation, [qkv], { heads, causal });
}
