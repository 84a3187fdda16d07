import { assert } from 'chai';
import { halfToFloat } from '../../src/clip/half.ts';
import { storeValues } from '../../src/clip/weight_storage.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { type Activation, type MatmulOptions, matmul, matmulWith } from '../../src/kernels/matmul.ts';
import { MATMUL_VARIANTS, type MatmulVariant, planMatmul } from '../../src/kernels/matmul_plan.ts';
import { matmulRow } from '../../src/kernels/matmul_variants.ts';
import { activationReference, matmulGradientReference, matmulReference } from '../../src/lab/reference/matmul.ts';
import { assertClose, noise } from '../harness/close.ts';
import { runtimesWith, suiteOnOneDawn, test } from '../harness/registry.ts';

const VARIANTS = Object.keys(MATMUL_VARIANTS) as MatmulVariant[];
/** One that only lavapipe is offered compiles for seconds on SwiftShader: there it does one product. */
const runtimesOf = (variant: MatmulVariant) =>
  matmulRow(variant).only ? (['deno'] as const) : runtimesWith(matmulRow(variant).needs);
/** So does the largest tile, which has the shader of the smaller one: there it does one product and one with all that can follow it. */
const runtimesOfMost = (variant: MatmulVariant) =>
  variant === 'workgroup-128' ? (['deno'] as const) : runtimesOf(variant);
/**
 * Where a format of b runs: Node's WebGPU is Chrome's, and a pipeline takes their software adapter up to seconds; the largest
 * tile decodes b by the code of the smaller one.
 */
const runtimesOfHalf = (variant: MatmulVariant, dtype: 'f16' | 'bf16') =>
  variant === 'workgroup-128'
    ? (['deno'] as const)
    : (['deno', dtype === 'f16' ? 'node' : 'chrome'] as const).filter(
        (runtime) => runtimesOf(variant)?.includes(runtime) ?? true,
      );
const KINDS = [
  { transposeA: false, transposeB: false },
  { transposeA: false, transposeB: true },
  { transposeA: true, transposeB: false },
  { transposeA: true, transposeB: true },
];

function decode(dtype: 'f16' | 'bf16', bits: number): number {
  return dtype === 'f16' ? halfToFloat(bits) : new Float32Array(Uint32Array.of(bits << 16).buffer)[0];
}

/** Numbers rounded to a storage type, and the same numbers in float32. */
function half(gpu: Gpu, dtype: 'f16' | 'bf16', values: Float32Array<ArrayBuffer>, shape: readonly number[]) {
  const { data } = storeValues('b', values, dtype);
  const decoded = Float32Array.from(data, (bits) => decode(dtype, bits));
  return {
    stored: GpuArray.fromBits(gpu, data as Uint16Array<ArrayBuffer>, shape, dtype),
    decoded: GpuArray.from(gpu, decoded, shape),
  };
}

/** Sums of k products of numbers below 1: they grow like √k, and so does the error of a sum in f32 (seen: half of this). */
const tolerance = (k: number) => ({ absolute: 1e-6 * Math.sqrt(k) });

function upload(gpu: Gpu, seed: number, shape: readonly number[]): { array: GpuArray; host: Float32Array } {
  const host = noise(
    seed,
    shape.reduce((x, y) => x * y, 1),
  );
  return { array: GpuArray.from(gpu, host, shape), host };
}

suiteOnOneDawn('matmul', () => {
  for (const variant of VARIANTS) {
    for (const { transposeA, transposeB } of KINDS) {
      test(
        `${variant}: ${transposeA ? 'aᵀ' : 'a'} ${transposeB ? 'bᵀ' : 'b'}, sizes that no tile divides`,
        async (t) => {
          const gpu = await t.gpu();
          for (const [m, k, n] of [
            [17, 131, 35],
            [70, 24, 68],
          ] as const) {
            using _scope = gpu.scope();
            const a = upload(gpu, 1, transposeA ? [k, m] : [m, k]);
            const b = upload(gpu, 2, transposeB ? [n, k] : [k, n]);
            const out = matmulWith(variant, a.array, b.array, { transposeA, transposeB });
            assert.deepEqual(out.shape, [m, n]);
            const expected = matmulReference(a.host, b.host, [m, k, n], transposeA, transposeB);
            assertClose(await out.read(), expected, tolerance(k), `${m}×${k}×${n}`);
          }
        },
        transposeB && !transposeA ? runtimesWith(matmulRow(variant).needs) : runtimesOfMost(variant),
      );
    }

    test(
      `${variant}: bias, activation, residual, alpha, accumulate, columns`,
      async (t) => {
        const gpu = await t.gpu();
        const [m, k, n] = [19, 28, 18];
        const [total, at] = [29, 5];
        for (const act of ['none', 'relu', 'gelu', 'quickgelu'] as const) {
          for (const accumulate of act === 'gelu' ? [false, true] : [false]) {
            using _scope = gpu.scope();
            const a = upload(gpu, 3, [m, k + 8]);
            const b = upload(gpu, 4, [n, k + 3]);
            const bias = upload(gpu, 5, [4, n]);
            const residual = upload(gpu, 6, [m, total]);
            const out = upload(gpu, 7, [m, total]);
            const options: MatmulOptions = {
              ...{ transposeB: true, bias: bias.array, biasRows: 5, act, residual: residual.array, alpha: 0.7 },
              ...{ out: out.array, accumulate, aColumns: [8, k], bColumns: [3, k], outColumns: [at, total] },
            };
            assert.equal(matmulWith(variant, a.array, b.array, options), out.array);
            const expected = Float64Array.from(out.host);
            for (let i = 0; i < m; i++) {
              for (let j = 0; j < n; j++) {
                let sum = 0;
                for (let l = 0; l < k; l++) sum += a.host[i * (k + 8) + 8 + l] * b.host[j * (k + 3) + 3 + l];
                const place = i * total + at + j;
                const value = activationReference(act, 0.7 * sum + bias.host[Math.floor(i / 5) * n + j]);
                expected[place] = value + residual.host[place] + (accumulate ? out.host[place] : 0);
              }
            }
            assertClose(await out.array.read(), expected, { absolute: 2e-6 }, `${act} ${accumulate}`);
          }
        }
      },
      runtimesOf(variant),
    );

    test(
      `${variant}: some columns of aᵀ b`,
      async (t) => {
        const gpu = await t.gpu();
        using _scope = gpu.scope();
        const [m, k, n] = [19, 28, 18];
        const a = upload(gpu, 11, [k, m + 8]);
        const b = upload(gpu, 12, [k, n + 3]);
        const options: MatmulOptions = { transposeA: true, aColumns: [8, m], bColumns: [3, n] };
        const part = (host: Float32Array, width: number, start: number, count: number) =>
          Float32Array.from({ length: k * count }, (_, i) => host[Math.floor(i / count) * width + start + (i % count)]);
        const [left, right] = [part(a.host, m + 8, 8, m), part(b.host, n + 3, 3, n)];
        const expected = matmulReference(left, right, [m, k, n], true, false);
        const out = matmulWith(variant, a.array, b.array, options);
        assertClose(await out.read(), expected, tolerance(k), 'columns');
      },
      // What is read is found outside of the shaders: one runtime, or those that have the variant at all.
      matmulRow(variant).needs ? runtimesOf(variant) : ['deno'],
    );

    test(
      `${variant}: leading axes fold into rows, stay batches, or are summed over`,
      async (t) => {
        const gpu = await t.gpu();
        using _scope = gpu.scope();
        const [batch, r, m, n] = [3, 10, 20, 24];
        const x = upload(gpu, 8, [batch, r, m]);
        const y = upload(gpu, 9, [batch, r, n]);
        const w = upload(gpu, 10, [m, n]);
        const folded = matmulWith(variant, x.array, w.array);
        assert.deepEqual(folded.shape, [batch, r, n]);
        assertClose(await folded.read(), matmulReference(x.host, w.host, [batch * r, m, n]), tolerance(m), 'folded');

        const summed = matmulWith(variant, x.array, y.array, { transposeA: true });
        assert.deepEqual(summed.shape, [m, n]);
        const all = matmulReference(x.host, y.host, [m, batch * r, n], true);
        assertClose(await summed.read(), all, tolerance(batch * r), 'summed');

        const each = matmulWith(variant, x.array, y.array, { transposeA: true, batched: true });
        const outer = matmulWith(variant, x.array, x.array, { transposeB: true });
        assert.deepEqual(each.shape, [batch, m, n]);
        assert.deepEqual(outer.shape, [batch, r, r]);
        const [eachHost, outerHost] = [await each.read(), await outer.read()];
        for (let i = 0; i < batch; i++) {
          const xi = x.host.subarray(i * r * m, (i + 1) * r * m);
          const yi = y.host.subarray(i * r * n, (i + 1) * r * n);
          const want = matmulReference(xi, yi, [m, r, n], true);
          assertClose(eachHost.subarray(i * m * n, (i + 1) * m * n), want, tolerance(r), `product ${i}`);
          const square = matmulReference(xi, xi, [r, m, r], false, true);
          assertClose(outerHost.subarray(i * r * r, (i + 1) * r * r), square, tolerance(m), `outer ${i}`);
        }
      },
      runtimesOfMost(variant),
    );

    test(
      `${variant}: times the slope of an activation`,
      async (t) => {
        const gpu = await t.gpu();
        for (const act of ['relu', 'gelu', 'quickgelu'] as const) {
          // The second one in slices.
          for (const [m, k, n] of [
            [19, 28, 18],
            [6, 600, 8],
          ] as const) {
            using _scope = gpu.scope();
            const [a, b, of] = [upload(gpu, 33, [m, k]), upload(gpu, 34, [n, k]), upload(gpu, 35, [m, n])];
            const out = matmulWith(variant, a.array, b.array, {
              transposeB: true,
              alpha: 0.5,
              slope: { act, of: of.array },
            });
            const product = matmulReference(a.host, b.host, [m, k, n], false, true);
            const slope = (x: number) =>
              (activationReference(act, x + 1e-5) - activationReference(act, x - 1e-5)) / 2e-5;
            const want = product.map((v, i) => 0.5 * v * slope(of.host[i]));
            assertClose(await out.read(), want, tolerance(k), `${act} ${m}×${k}×${n}`);
          }
        }
      },
      // Through barriers a sum of 600 takes SwiftShader seconds.
      variant.startsWith('workgroup') ? ['deno'] : runtimesOf(variant),
    );

    // 70,000 terms are more than one loop may have; through barriers they would take a software adapter seconds.
    const [m, k, n] = [6, variant.startsWith('workgroup') ? 3000 : 70_000, 8];
    test(
      `${variant}: a sum of ${k} terms is cut in a fixed order`,
      async (t) => {
        const gpu = await t.gpu();
        assert.isAbove(planMatmul(gpu.facts.class, { m, n, k, batches: 1 }, variant).slices, 1);
        for (const transposeA of [true, false]) {
          using _scope = gpu.scope();
          const a = upload(gpu, 11, transposeA ? [k, m] : [m, k]);
          const b = upload(gpu, 12, transposeA ? [k, n] : [n, k]);
          const options = {
            transposeA,
            transposeB: !transposeA,
            bias: upload(gpu, 13, [n]).array,
            act: 'relu',
          } as const;
          const out = await matmulWith(variant, a.array, b.array, options).read();
          const again = await matmulWith(variant, a.array, b.array, options).read();
          assert.deepEqual(out, again);
          const bias = noise(13, n);
          const expected = matmulReference(a.host, b.host, [m, k, n], transposeA, !transposeA);
          const want = expected.map((v, i) => Math.max(0, v + bias[i % n]));
          assertClose(out, want, tolerance(k));
        }
      },
      runtimesOfMost(variant),
    );
  }

  for (const dtype of ['f16', 'bf16'] as const) {
    for (const variant of VARIANTS) {
      test(
        `${variant}: b stored as ${dtype} gives the bits of the decoded b`,
        async (t) => {
          const gpu = await t.gpu();
          // A weight of a frozen tower is b; a is transposed in gradients of weights alone, which are trained in f32.
          const kinds = t.host.runtime === 'deno' ? KINDS : KINDS.filter(({ transposeA }) => !transposeA);
          for (const [m, k, n] of [
            [70, 131, 67],
            [3, 7, 5],
            [36, 68, 40], // what tiles take as it is stored: of other sizes they get it decoded
          ] as const) {
            for (const { transposeA, transposeB } of kinds) {
              if (m === 36 && (transposeA || variant === 'workgroup-128')) continue; // the code of the smaller tile
              using _scope = gpu.scope();
              const a = upload(gpu, 21, transposeA ? [k, m] : [m, k]);
              const shape = transposeB ? [n, k] : [k, n];
              const { stored, decoded } = half(gpu, dtype, noise(22, n * k), shape);
              const options = { transposeA, transposeB };
              const out = await matmulWith(variant, a.array, stored, options).read();
              assert.deepEqual(out, await matmulWith(variant, a.array, decoded, options).read(), `${m}×${k}×${n}`);
              const first = await matmulWith('reference', a.array, stored, options).read();
              assertClose(out, first, tolerance(k), `${m}×${k}×${n} against the first variant`);
            }
          }
        },
        runtimesOfHalf(variant, dtype),
      );

      test(
        `${variant}: columns and batches of a b stored as ${dtype}`,
        async (t) => {
          const gpu = await t.gpu();
          using _scope = gpu.scope();
          const [batch, m, k, n] = [3, 9, 13, 22];
          const a = upload(gpu, 23, [batch, m, k]).array;
          const { stored, decoded } = half(gpu, dtype, noise(24, batch * k * (n + 7)), [batch, k, n + 7]);
          for (const bColumns of [
            [5, n],
            [4, n - 2],
            [0, n + 7],
          ] as const) {
            const out = await matmulWith(variant, a, stored, { bColumns }).read();
            assert.deepEqual(out, await matmulWith(variant, a, decoded, { bColumns }).read(), `columns ${bColumns}`);
          }
        },
        runtimesOfHalf(variant, dtype),
      );
    }

    test(`every finite ${dtype} is decoded exactly, the smallest too`, async (t) => {
      const gpu = await t.gpu();
      const one = GpuArray.from(gpu, new Float32Array([1]), [1, 1]);
      const bits = Uint16Array.from({ length: 65536 }, (_, i) => i).filter((i) => Number.isFinite(decode(dtype, i)));
      const want = Array.from(bits, (i) => decode(dtype, i));
      for (const variant of ['reference', 'registers-16', 'workgroup-64'] as const) {
        using _scope = gpu.scope();
        const b = GpuArray.fromBits(gpu, bits, [bits.length, 1], dtype);
        const out = await matmulWith(variant, one, b, { transposeB: true }).read();
        // Numbers below the smallest normal float32 are zeros to some adapters; only bfloat16 has them.
        out.forEach((x, i) => {
          if (x !== want[i] && !(x === 0 && Math.abs(want[i]) < 2 ** -126))
            assert.fail(`${variant}: ${want[i]} became ${x}`);
        });
      }
      one.release();
    });
  }

  test(
    'textures: what a larger product left behind counts for nothing',
    async (t) => {
      const gpu = await t.gpu();
      for (const transposeA of [false, true]) {
        using _scope = gpu.scope();
        const [m, k, n] = [64, 66, 64];
        const shape = transposeA ? [k, m] : [m, k];
        const nan = (rows: number, width: number) =>
          GpuArray.from(gpu, new Float32Array(rows * width).fill(Number.NaN), [rows, width]);
        matmulWith('textures', transposeA ? nan(80, m) : nan(80, k), nan(transposeA ? 80 : k, n), { transposeA });
        matmulWith('textures', nan(80, 80), nan(80, n));
        const [a, b] = [upload(gpu, 31, shape), upload(gpu, 32, [k, n])];
        const out = await matmulWith('textures', a.array, b.array, { transposeA }).read();
        assertClose(out, matmulReference(a.host, b.host, [m, k, n], transposeA), tolerance(k), `${transposeA}`);
      }
    },
    ['deno'],
  );

  test('small tiles and thin products', async (t) => {
    const gpu = await t.gpu();
    for (const [m, k, n] of [
      [1, 768, 40],
      [40, 768, 2],
      [3, 5, 2],
      [1, 1, 1],
    ]) {
      using _scope = gpu.scope();
      const a = upload(gpu, 14, [m, k]);
      const b = upload(gpu, 15, [n, k]);
      const out = matmulWith('registers-16', a.array, b.array, { transposeB: true });
      assertClose(await out.read(), matmulReference(a.host, b.host, [m, k, n], false, true), tolerance(k), `${m} ${n}`);
    }
  });

  test('gradients are matmuls of the gradient', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const [m, k, n] = [18, 21, 10];
    const x = upload(gpu, 16, [m, k]);
    const w = upload(gpu, 17, [n, k]);
    const grad = upload(gpu, 18, [m, n]);
    const want = matmulGradientReference(grad.host, x.host, w.host, [m, k, n], false, true);
    assertClose(await matmul(grad.array, w.array).read(), want.a, tolerance(n), 'dx');
    assertClose(await matmul(grad.array, x.array, { transposeA: true }).read(), want.b, tolerance(m), 'dW');
  });

  test('gelu is within 1e-6 of the exact one everywhere', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const host = Float32Array.from({ length: 2401 }, (_, i) => (i - 1200) / 100);
    const one = GpuArray.from(gpu, new Float32Array([1]), [1, 1]);
    for (const act of ['gelu', 'quickgelu'] satisfies Activation[]) {
      const out = await matmul(GpuArray.from(gpu, host, [host.length, 1]), one, { act }).read();
      const want = Array.from(host, (x) => activationReference(act, x));
      assertClose(out, want, { absolute: 1.5e-7, relative: 6e-7 }, act);
    }
  });

  test('says what does not fit', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const a = GpuArray.empty(gpu, [4, 6]);
    assert.throws(() => matmul(a, a), /do not fit/);
    assert.throws(() => matmul(a, a, { transposeB: true, bias: a }), /bias/);
    assert.throws(() => matmul(a, a, { transposeB: true, accumulate: true }), /needs out/);
    assert.throws(() => matmul(a, a, { transposeB: true, out: GpuArray.empty(gpu, [4, 5]) }), /out/);
    assert.throws(() => matmul(a, a, { transposeB: true, bColumns: [4, 4] }), /columns/);
  });
});
