import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { attention, attentionBackward, attentionBackwardWith, attentionWith } from '../../src/kernels/attention.ts';
import { ATTENTION_VARIANTS, type AttentionVariant, attentionRow } from '../../src/kernels/attention_variants.ts';
import {
  type AttentionShape,
  attentionGradientReference,
  attentionReference,
} from '../../src/lab/reference/attention.ts';
import { assertClose, noise } from '../harness/close.ts';
import { runtimesWith, suiteOnOneDawn, test } from '../harness/registry.ts';

const VARIANTS = Object.keys(ATTENTION_VARIANTS) as AttentionVariant[];
const runtimesOf = (variant: AttentionVariant) => runtimesWith(attentionRow(variant).needs);

/** Lengths below, at and above the tiles of 8, 16, 20, 24 and 64; scores spread over about ±30, so that the softmax is sharp. */
const SHAPES: readonly AttentionShape[] = [
  { batch: 2, length: 21, heads: 2, width: 64, causal: false },
  { batch: 1, length: 77, heads: 3, width: 64, causal: true },
  { batch: 14, length: 5, heads: 3, width: 12, causal: true },
  { batch: 1, length: 33, heads: 1, width: 12, causal: false },
];

/**
 * Where a shape runs: a pipeline of the variant `workgroup` is one of a width, and takes software adapters up to seconds. Wide heads are
 * for Deno, where one of 80 also has a last tile that is not full, narrow ones for Dawn.
 */
const runtimesOfShape = (variant: AttentionVariant, { width }: AttentionShape) =>
  variant !== 'workgroup' ? runtimesOf(variant) : width === 64 ? (['deno'] as const) : (['node', 'chrome'] as const);

const name = (s: AttentionShape) => `${s.batch}×${s.length}×${s.heads}×${s.width}${s.causal ? ' causal' : ''}`;

suiteOnOneDawn('attention', () => {
  for (const variant of VARIANTS) {
    for (const [i, shape] of SHAPES.entries()) {
      test(
        `${variant}: forward and gradient of ${name(shape)}`,
        async (t) => {
          const gpu = await t.gpu();
          using _scope = gpu.scope();
          const { batch, length, heads, width, causal } = shape;
          const size = batch * length * heads * width;
          const qkv = noise(20 + i, 3 * size, 2.5);
          const grad = noise(30 + i, size);
          const x = GpuArray.from(gpu, qkv, [batch, length, 3 * heads * width]);
          const g = GpuArray.from(gpu, grad, [batch, length, heads * width]);
          const result = attentionWith(variant, x, heads, { causal });
          assert.deepEqual(result.out.shape, [batch, length, heads * width]);
          assert.deepEqual(result.logSumExp.shape, [batch, heads, length]);
          const expected = attentionReference(qkv, shape);
          assertClose(
            await result.logSumExp.read(),
            expected.logSumExp,
            { absolute: 2e-5 },
            `${name(shape)} logSumExp`,
          );
          assertClose(await result.out.read(), expected.out, { absolute: 2e-5 }, `${name(shape)} out`);
          const d = attentionBackwardWith(variant, g, x, result, heads, { causal });
          const want = attentionGradientReference(grad, qkv, shape);
          assertClose(await d.read(), want, { absolute: 1e-4, relative: 1e-4 }, `${name(shape)} gradient`);
        },
        runtimesOfShape(variant, shape),
      );
    }
  }

  for (const variant of VARIANTS) {
    test(
      `${variant}: padding at the end is not seen`,
      async (t) => {
        const gpu = await t.gpu();
        using _scope = gpu.scope();
        const [batch, length, keys, heads] = [2, 21, 18, 2];
        const width = variant === 'workgroup' && t.host.runtime === 'deno' ? 64 : 12;
        const columns = 3 * heads * width;
        const qkv = noise(45, batch * length * columns, 2.5);
        const x = GpuArray.from(gpu, qkv, [batch, length, columns]);
        // What is seen, alone: the first queries cannot tell the difference.
        const seen = qkv.filter((_, i) => Math.floor(i / columns) % length < keys);
        const expected = attentionReference(seen, { batch, length: keys, heads, width, causal: false }).out;
        const out = await attentionWith(variant, x, heads, { keys }).out.read();
        const first = out.filter((_, i) => Math.floor(i / (heads * width)) % length < keys);
        assertClose(first, expected, { absolute: 2e-5 }, 'what is seen');
        // The queries of the padding see the same keys: with those of token 0 they have its result.
        const same = qkv.slice();
        for (let d = 0; d < heads * width; d++) same[(length - 1) * columns + d] = qkv[d];
        const again = await attentionWith(variant, GpuArray.from(gpu, same, x.shape), heads, { keys }).out.read();
        const last = again.slice((length - 1) * heads * width, length * heads * width);
        assertClose(last, expected.slice(0, heads * width), { absolute: 2e-5 }, 'padding');
        assert.throws(() => attention(x, heads, { keys: length + 1 }), /22 of 21 tokens cannot be seen/);
      },
      runtimesOf(variant),
    );
  }

  test('the largest head, and scores that overflow an unshifted softmax', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const shape = { batch: 1, length: 19, heads: 1, width: 128, causal: false };
    const qkv = noise(40, 3 * 19 * 128, 12);
    const x = GpuArray.from(gpu, qkv, [1, 19, 3 * 128]);
    const expected = attentionReference(qkv, shape);
    assert.isAbove(Math.max(...expected.logSumExp), 89);
    const { out, logSumExp } = attentionWith('registers', x, 1);
    assertClose(await logSumExp.read(), expected.logSumExp, { absolute: 2e-4 }, 'logSumExp');
    assertClose(await out.read(), expected.out, { absolute: 2e-3 }, 'out');
  });

  test(
    'workgroup: a head wider than its tile, over several tiles',
    async (t) => {
      const gpu = await t.gpu();
      for (const causal of [false, true]) {
        using _scope = gpu.scope();
        const shape = { batch: 1, length: 131, heads: 2, width: 80, causal };
        const qkv = noise(43, 3 * 131 * 160, 1.5);
        const grad = noise(44, 131 * 160);
        const x = GpuArray.from(gpu, qkv, [1, 131, 3 * 160]);
        const result = attentionWith('workgroup', x, 2, { causal });
        const expected = attentionReference(qkv, shape);
        assertClose(await result.logSumExp.read(), expected.logSumExp, { absolute: 2e-5 }, 'logSumExp');
        assertClose(await result.out.read(), expected.out, { absolute: 2e-5 }, 'out');
        const g = GpuArray.from(gpu, grad, [1, 131, 160]);
        const d = await attentionBackwardWith('workgroup', g, x, result, 2, { causal }).read();
        const want = attentionGradientReference(grad, qkv, shape);
        assertClose(d, want, { absolute: 1e-4, relative: 1e-4 }, 'gradient');
      }
    },
    // For SwiftShader three pipelines of seconds each; those of narrow heads are tested there.
    ['deno'],
  );

  test('1,370 tokens (518 px): the last ones are as right as the first', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const shape = { batch: 1, length: 1370, heads: 1, width: 16, causal: false };
    const qkv = noise(41, 3 * 1370 * 16);
    const x = GpuArray.from(gpu, qkv, [1, 1370, 48]);
    const grad = GpuArray.from(gpu, noise(42, 1370 * 16), [1, 1370, 16]);
    const expected = attentionReference(qkv, shape);
    const { out, logSumExp } = attention(x, 1);
    assertClose(await out.read(), expected.out, { absolute: 1e-5 }, 'out');
    const d = await attentionBackward(grad, x, out, logSumExp, 1).read();
    const want = attentionGradientReference(noise(42, 1370 * 16), qkv, shape);
    assertClose(d, want, { absolute: 1e-5, relative: 1e-4 }, 'gradient');
  });

  test('says what does not fit', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    assert.throws(() => attention(GpuArray.empty(gpu, [1, 4, 30]), 1), /multiple of 4/);
    assert.throws(() => attention(GpuArray.empty(gpu, [1, 4, 36]), 5), /multiple of 4/);
    assert.throws(() => attention(GpuArray.empty(gpu, [1, 4000, 192]), 1), /at most/);
  });
});
