/** Products and attention. */
import type { Gpu } from '../../gpu/gpu.ts';
import { attentionBackwardWith, attentionWith } from '../../kernels/attention.ts';
import { ATTENTION_VARIANTS } from '../../kernels/attention_variants.ts';
import { bankDistance } from '../../kernels/bank_distance.ts';
import { matmulWith } from '../../kernels/matmul.ts';
import { chosenVariant, MATMUL_VARIANTS } from '../../kernels/matmul_plan.ts';
import { bestVariant, runnable } from '../../kernels/variants.ts';
import { flag, input, kernel, size } from '../kernel.ts';
import { attentionGradientReference, attentionReference } from '../reference/attention.ts';
import { bankDistanceReference } from '../reference/bank_distance.ts';
import { matmulReference } from '../reference/matmul.ts';

const MATMUL = kernel({
  ...{ id: 'matmul', word: 'matmul' },
  sizes: { m: size(70), k: size(131), n: size(68), transposeA: flag(0), transposeB: flag(1) },
  formula: 'y = op(a) op(b) + bias; op transposes or does not',
  tolerance: { absolute: 1e-5, relative: 1e-6 },
  at(gpu, { m, k, n, ...layout }) {
    const [transposeA, transposeB] = [layout.transposeA === 1, layout.transposeB === 1];
    const a = input(gpu, 1, transposeA ? [k, m] : [m, k]);
    const b = input(gpu, 2, transposeB ? [n, k] : [k, n]);
    const bias = input(gpu, 3, [n]);
    const options = { transposeA, transposeB, bias: bias.array };
    return {
      name: `${m}×${k}×${n} ${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'} `,
      ...{ flops: 2 * m * n * k, bytes: 4 * (m * k + k * n + m * n) },
      best: chosenVariant(gpu.facts, undefined),
      variants: runnable(MATMUL_VARIANTS, gpu.facts).map((name) => ({
        name,
        run: () => ({ y: matmulWith(name, a.array, b.array, options) }),
      })),
      reference: () => {
        const y = matmulReference(a.host, b.host, [m, k, n], transposeA, transposeB);
        return { y: y.map((v, i) => v + bias.host[i % n]) };
      },
      referenceWork: m * n * k,
    };
  },
});

const HEAD = { batch: size(1, 64), length: size(37, 3764), heads: size(2, 64), width: size(64, 128, 4) };

/** What the forward and the backward share. */
function heads(gpu: Gpu, sizes: Readonly<Record<keyof typeof HEAD | 'causal', number>>) {
  const { batch, length, heads, width } = sizes;
  const causal = sizes.causal === 1;
  const shape = { batch, length, heads, width, causal };
  const qkv = input(gpu, 1, [batch, length, 3 * heads * width]);
  const pairs = batch * heads * (causal ? (length * (length + 1)) / 2 : length * length);
  const name = `${batch}×${length}×${heads}×${width}${causal ? ' causal' : ''}`;
  return { shape, qkv, pairs, name };
}

const ATTENTION = kernel({
  ...{ id: 'attention', word: 'attention', sizes: { ...HEAD, causal: flag(0) } },
  formula: 'y = softmax(q kᵀ / √width) v for each head',
  tolerance: { absolute: 3e-6, relative: 3e-6 },
  at(gpu, sizes) {
    const { shape, qkv, pairs, name } = heads(gpu, sizes);
    const { batch, length, width, causal } = shape;
    return {
      ...{ name, flops: 4 * width * pairs, bytes: 16 * batch * length * shape.heads * width },
      best: bestVariant(ATTENTION_VARIANTS, gpu.facts),
      variants: runnable(ATTENTION_VARIANTS, gpu.facts).map((variant) => ({
        name: variant,
        run: () => ({ y: attentionWith(variant, qkv.array, shape.heads, { causal }).out }),
      })),
      reference: () => ({ y: attentionReference(qkv.host, shape).out }),
      referenceWork: 4 * width * pairs,
    };
  },
});

const ATTENTION_BACKWARD = kernel({
  ...{ id: 'attention backward', word: 'attention', sizes: { ...HEAD, causal: flag(0) } },
  formula: 'gradient of attention by q, k and v, from the saved log Σ exp',
  tolerance: { absolute: 1e-5, relative: 3e-6 },
  at(gpu, sizes) {
    const { shape, qkv, pairs, name } = heads(gpu, sizes);
    const { batch, length, width, causal } = shape;
    const grad = input(gpu, 2, [batch, length, shape.heads * width]);
    const result = attentionWith(undefined, qkv.array, shape.heads, { causal });
    const all = runnable(ATTENTION_VARIANTS, gpu.facts);
    const best = bestVariant(ATTENTION_VARIANTS, gpu.facts);
    // A variant that borrows its gradient has none of its own.
    const own = all.filter((one, i) => {
      const { backward } = ATTENTION_VARIANTS[one];
      return !all.slice(0, i).some((other) => ATTENTION_VARIANTS[other].backward === backward);
    });
    return {
      name: `${name} backward`,
      ...{ flops: 10 * width * pairs, bytes: 32 * batch * length * shape.heads * width },
      best: own.find((one) => ATTENTION_VARIANTS[one].backward === ATTENTION_VARIANTS[best].backward),
      variants: own.map((variant) => ({
        name: variant,
        run: () => ({
          dQkv: attentionBackwardWith(variant, grad.array, qkv.array, result, shape.heads, { causal }),
        }),
      })),
      reference: () => ({ dQkv: attentionGradientReference(grad.host, qkv.host, shape) }),
      referenceWork: 10 * width * pairs,
    };
  },
});

const BANK_DISTANCE = kernel({
  ...{ id: 'bank_distance', word: 'bank_distance', overRows: true },
  sizes: { rows: size(37), entries: size(70, 2 ** 16), width: size(100, 4096) },
  formula: 'y[r] = min over m of 1 − cos(query[r], bank[m])',
  tolerance: { absolute: 1e-6, relative: 1e-6 },
  at(gpu, { rows, entries, width }) {
    const query = input(gpu, 1, [rows, width]);
    const bank = input(gpu, 2, [entries, width]);
    return {
      name: `${rows} in ${entries}×${width}`,
      ...{ flops: 2 * rows * entries * width, bytes: 4 * width * (rows + entries) },
      variants: [{ name: 'pieces', run: () => ({ y: bankDistance(query.array, bank.array) }) }],
      reference: () => ({ y: bankDistanceReference(query.host, bank.host, width) }),
      referenceWork: rows * entries * width,
    };
  },
});

/** All of them. */
export const PRODUCT_KERNELS = { MATMUL, ATTENTION, ATTENTION_BACKWARD, BANK_DISTANCE };
