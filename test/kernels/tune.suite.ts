import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { IdleGpu } from '../../src/gpu/counting.ts';
import type { Dispatch } from '../../src/gpu/interface.ts';
import { attention as attend } from '../../src/kernels/attention.ts';
import { attentionVariants, chosenAttention } from '../../src/kernels/attention_variants.ts';
import { matmul } from '../../src/kernels/matmul.ts';
import { chosenVariant, defaultVariant, matmulVariants, planMatmul } from '../../src/kernels/matmul_plan.ts';
import { tuneMatmul } from '../../src/kernels/tune.ts';
import { matmulReference } from '../../src/lab/reference/matmul.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

/** Writes down which shaders run. */
class NamingGpu extends IdleGpu {
  readonly shaders: string[] = [];

  override run<B extends string, P extends string, C extends string>(call: Dispatch<B, P, C>): void {
    super.run(call);
    this.shaders.push(call.shader.name);
  }
}

suite('tuning', () => {
  test('a choice changes how large products are done, and nothing about small or thin ones', () => {
    const large = { m: 290, n: 1024, k: 1024, batches: 1 };
    const variant = (tuned?: 'registers-8' | 'workgroup-64') => planMatmul('hardware', large, undefined, tuned).variant;
    // 24 tiles of 128 × 128 are too few, and a quarter of them lies beyond the edge.
    assert.equal(variant(), 'workgroup-64');
    assert.equal(planMatmul('hardware', { ...large, m: 2320, n: 4096 }).variant, 'workgroup-128');
    assert.equal(planMatmul('hardware', { ...large, m: 2310, n: 4096 }, undefined, 'workgroup-64').tileM, 64);
    assert.equal(variant('registers-8'), 'registers-8');
    assert.equal(planMatmul('lavapipe', large, undefined, 'workgroup-128').variant, 'workgroup-64');
    assert.deepInclude(planMatmul('lavapipe', large), { variant: 'textures', tileM: 8, tileN: 32 });
    assert.deepInclude(planMatmul('software', large, undefined, 'registers-16'), { tileM: 16, tileN: 16 });
    assert.deepInclude(planMatmul('lavapipe', large, undefined, 'registers-8'), { tileM: 8, tileN: 8 });
    const thin = { ...large, m: 3 };
    assert.deepInclude(planMatmul('hardware', thin), { variant: 'workgroup-thin', tileM: 16, tileN: 64 });
    assert.deepInclude(planMatmul('hardware', { ...large, n: 2 }), { variant: 'workgroup-thin', tileM: 64, tileN: 16 });
    const plan = planMatmul('lavapipe', thin);
    assert.deepInclude(plan, { variant: 'registers-16', tileM: 4, tileN: 16 });
    assert.equal(planMatmul('lavapipe', { ...large, k: 1, n: 8 }, undefined, 'workgroup-128').variant, 'reference');
  });

  test('no invocation sums more than 32,768 terms', () => {
    for (const kind of ['lavapipe', 'swiftshader', 'software', 'hardware'] as const) {
      for (const k of [32_768, 32_769, 65_535, 200_001]) {
        const { slice, slices } = planMatmul(kind, { m: 4096, n: 4096, k, batches: 1 });
        assert.isAtMost(slice, 32_768, `${kind} ${k}`);
        assert.isAtLeast(slice * slices, k);
        assert.isBelow(slice * (slices - 1), k);
      }
    }
  });

  test('an adapter runs what it can: a choice made for another one counts as none', () => {
    const plain = { class: 'swiftshader', features: [] } as const;
    const able = { class: 'swiftshader', features: ['subgroups'] } as const;
    assert.notInclude(matmulVariants(plain), 'subgroups');
    assert.notInclude(matmulVariants(plain), 'workgroup-thin');
    assert.include(matmulVariants(able), 'subgroups');
    assert.equal(chosenVariant(plain, 'subgroups'), 'registers-8');
    assert.equal(chosenVariant(able, undefined), 'subgroups');
    assert.equal(chosenVariant(able, 'workgroup-128'), 'workgroup-128');
    assert.equal(chosenVariant(able, 'reference'), 'subgroups');
    assert.equal(defaultVariant({ class: 'hardware', features: ['subgroups'] }), 'workgroup-128');
    assert.equal(defaultVariant({ class: 'software', features: [] }), 'registers-16');
    assert.equal(chosenVariant({ class: 'lavapipe', features: [] }, 'no such'), 'textures');
    assert.equal(chosenVariant({ class: 'software', features: [] }, 'textures'), 'registers-16');
    assert.equal(
      planMatmul('swiftshader', { m: 3, n: 64, k: 512, batches: 8 }, undefined, 'subgroups').variant,
      'registers-8',
    );
  });

  test('a product is copied into textures where that pays and its rows start where a texture takes them', () => {
    const gpu = new NamingGpu('lavapipe');
    using _scope = gpu.scope();
    const array = (...shape: number[]) => GpuArray.empty(gpu, shape);
    const ran = (m: number, k: number, n: number): string => {
      gpu.shaders.length = 0;
      matmul(array(m, k), array(n, k), { transposeB: true });
      return gpu.shaders[0];
    };
    assert.equal(ran(290, 1024, 1024), 'matmul_textures');
    assert.equal(ran(77, 768, 768), 'matmul_textures');
    // A row of 588 numbers is no multiple of 256 bytes; 20 rows are too few, 8192 too many.
    assert.equal(ran(290, 588, 1024), 'matmul_registers');
    assert.equal(ran(20, 1024, 1024), 'matmul_registers');
    assert.equal(ran(8192, 64, 64), 'matmul_registers');
  });

  test('every choice multiplies right', async (t) => {
    const gpu = await t.gpu();
    const [m, k, n] = [83, 76, 91];
    const [a, b] = [noise(1, m * k), noise(2, n * k)];
    const expected = matmulReference(a, b, [m, k, n], false, true);
    const before = gpu.tuning;
    for (const name of matmulVariants(gpu.facts)) {
      using _scope = gpu.scope();
      gpu.tuning = { matmul: name };
      const out = matmul(GpuArray.from(gpu, a, [m, k]), GpuArray.from(gpu, b, [n, k]), { transposeB: true });
      assertClose(await out.read(), expected, { absolute: 1e-5 }, name);
    }
    gpu.tuning = before;
  });

  test('a choice of attention holds where the adapter runs it', () => {
    const able = { class: 'swiftshader', features: ['subgroups'] } as const;
    assert.equal(chosenAttention(able), 'subgroups');
    assert.equal(chosenAttention(able, 'registers'), 'registers');
    assert.equal(chosenAttention({ class: 'lavapipe', features: [] }, 'subgroups'), 'registers');
    assert.equal(chosenAttention({ class: 'hardware', features: [] }, 'reference'), 'workgroup');
    // It would take a software adapter seconds, and is never the fastest there.
    assert.deepEqual(attentionVariants({ class: 'lavapipe', features: [] }), ['registers']);
    assert.deepEqual(attentionVariants(able), ['registers', 'subgroups']);
  });

  test('the choice of attention is the one that runs', () => {
    const gpu = new NamingGpu('hardware');
    using _scope = gpu.scope();
    const qkv = GpuArray.empty(gpu, [1, 5, 24]);
    for (const attention of attentionVariants(gpu.facts)) gpu.tuned({ attention }, () => void attend(qkv, 2));
    assert.deepEqual(gpu.shaders, ['attention_registers', 'attention_workgroup']);
  });

  test('times all variants, the fastest first, and leaves the choice to the caller', async (t) => {
    const gpu = await t.gpu();
    const before = gpu.tuning;
    const measured = await tuneMatmul(gpu, [[96, 64, 96]], 2);
    assert.sameMembers(
      measured.map(({ variant }) => variant),
      matmulVariants(gpu.facts),
    );
    const times = measured.map(({ milliseconds }) => milliseconds);
    assert.deepEqual(
      times,
      [...times].sort((x, y) => x - y),
    );
    assert.isAbove(times[0], 0);
    assert.equal(gpu.tuning, before);
  });
});
