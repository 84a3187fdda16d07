import { assert } from 'chai';
import { BLOCK } from '../../bench/shapes.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import { countingGpu } from '../../src/gpu/counting.ts';
import { type DeviceGpu, Gpu } from '../../src/gpu/gpu.ts';
import { SubmitBudget } from '../../src/gpu/submit_budget.ts';
import type { RuntimeName } from '../../src/host/host.ts';
import { attentionBackwardWith, attentionWith } from '../../src/kernels/attention.ts';
import { matmulWith } from '../../src/kernels/matmul.ts';
import { Parameter, Tape, Tensor, transformerBlock } from '../../src/nn/index.ts';
import { noise } from '../harness/close.ts';
import { suiteOnOneDawn, type TestContext, test } from '../harness/registry.ts';

/** Operations that an adapter of class lavapipe is taken to do in a second before it is measured. */
const SECOND = 1e10;
const { tokens, width, heads, mlp } = BLOCK;

/** Submits one second's worth of work that in truth takes `seconds`. */
function measure(budget: SubmitBudget, start: number, seconds: number): void {
  budget.add(SECOND, 0);
  budget.submitted(start);
  budget.watch()(start + seconds);
}

function upload(gpu: DeviceGpu, seed: number, ...shape: number[]): GpuArray {
  const size = shape.reduce((x, y) => x * y, 1);
  return GpuArray.from(gpu, noise(seed, size), shape);
}

/** Work whose kernels can be launched in parts, and how many submits it takes when each part is one. */
const SPLIT: Record<string, { work: (gpu: DeviceGpu) => GpuArray; submits: number; runtimes?: RuntimeName[] }> = {
  'a batch of products': {
    work: (gpu) => matmulWith('registers-16', upload(gpu, 5, 3, 20, 24), upload(gpu, 6, 3, 24, 20), { act: 'relu' }),
    submits: 6,
  },
  'a sum in slices': {
    work: (gpu) => matmulWith('reference', upload(gpu, 7, 1030, 5), upload(gpu, 8, 1030, 6), { transposeA: true }),
    submits: 5,
  },
  'a sum in slices of a padded operand': {
    work: (gpu) => matmulWith('registers-16', upload(gpu, 7, 6, 1030), upload(gpu, 8, 1030, 8)),
    submits: 6,
  },
};
for (const variant of ['reference', 'registers'] as const) {
  const [batch, length, few] = [2, 33, 3];
  const parts = variant === 'reference' ? batch * few : Math.ceil((batch * few * Math.ceil(length / 8)) / 8);
  const forward = (gpu: DeviceGpu) => attentionWith(variant, upload(gpu, 9, batch, length, 180), few);
  SPLIT[`attention, ${variant}`] = { work: (gpu) => forward(gpu).out, submits: parts };
  SPLIT[`its gradient, ${variant}`] = {
    work: (gpu) => {
      const grad = upload(gpu, 10, batch, length, 60);
      return attentionBackwardWith(variant, grad, upload(gpu, 9, batch, length, 180), forward(gpu), few);
    },
    submits: 3 * parts,
  };
}
SPLIT['attention, subgroups'] = {
  work: (gpu) => attentionWith('subgroups', upload(gpu, 9, 2, 33, 180), 3).out,
  submits: 2 * 3 * Math.ceil(33 / 20),
  runtimes: ['node', 'chrome'],
};
/** Rows of a matmul's tile. */
const TILES = { reference: 1, 'registers-16': 16, textures: 8, 'workgroup-64': 64, subgroups: 28 } as const;

suiteOnOneDawn('submit budget', () => {
  test('is full before the command that would exceed a third of it', () => {
    const budget = new SubmitBudget('lavapipe', 0.5);
    assert.isFalse(budget.isFullBefore(SECOND, 0), 'a command alone is always taken');
    budget.add(0.1 * SECOND, 0);
    assert.isFalse(budget.isFullBefore(0.07 * SECOND, 0));
    assert.isTrue(budget.isFullBefore(0.08 * SECOND, 0));
    assert.isTrue(budget.isFullBefore(0, 1e9), 'bytes count too');
    budget.submitted(0);
    assert.isFalse(budget.isFullBefore(0.08 * SECOND, 0));
  });

  test('adapts to the adapter', () => {
    const budget = new SubmitBudget('lavapipe', 0.5);
    assert.equal(budget.pieces(SECOND), 6);
    measure(budget, 10, 8);
    assert.equal(budget.pieces(SECOND), 46);
    // The host paused, or the machine was busy: the shortest of the last times is believed.
    measure(budget, 20, 2);
    measure(budget, 30, 60);
    assert.equal(budget.pieces(SECOND), 12);
    for (let i = 0; i < 4; i++) measure(budget, 100 + 10 * i, 4);
    assert.equal(budget.pieces(SECOND), 23);
  });

  test('work that is submitted while other work runs is timed from the end of that', () => {
    const budget = new SubmitBudget('lavapipe', 0.5);
    budget.add(SECOND, 0);
    budget.submitted(0);
    const first = budget.watch();
    budget.add(SECOND, 0);
    budget.submitted(0.1);
    const second = budget.watch();
    first(2);
    second(4);
    assert.closeTo(budget.slowness, 2, 1e-3);
  });

  test('a wait too short to tell anything changes nothing', () => {
    const budget = new SubmitBudget('hardware', 0.5);
    measure(budget, 0, 0.01);
    assert.equal(budget.slowness, 1);
  });

  test('no kernel of a block of ViT-L, forward and backward, is longer than a submit may be', () => {
    for (const kind of ['lavapipe', 'swiftshader', 'hardware'] as const) {
      const budget = new SubmitBudget(kind, 0.5);
      measure(budget, 0, kind === 'swiftshader' ? 5 : 2);
      const gpu = countingGpu(kind, budget);
      using _scope = gpu.scope();
      const array = (...shape: number[]) => GpuArray.empty(gpu, shape);
      const affine = (out: number, into: number) => ({
        weight: new Parameter('weight', array(out, into)),
        bias: new Parameter('bias', array(out)),
      });
      const norm = { weight: new Parameter('weight', array(width)), bias: new Parameter('bias', array(width)) };
      const weights = {
        ...{ ln_1: norm, ln_2: norm, qkv: affine(3 * width, width), out: affine(width, width) },
        ...{ fc: affine(mlp, width), proj: affine(width, mlp) },
      };
      const x = new Tensor(array(16, tokens, width), true);
      const tape = new Tape();
      const y = tape.record(() => transformerBlock(x, weights, { heads, act: 'gelu', causal: false }));
      tape.backward(y, array(16, tokens, width));
      assert.isAbove(gpu.flops, 1e11, kind);
      assert.isAtMost(budget.estimate(gpu.longest), budget.seconds, kind);
    }
  });

  test('what a kernel has bound twice, as numbers of two widths, is taken as read once', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const added: number[] = [];
    const add = gpu.budget.add;
    gpu.budget.add = (flops, bytes) => {
      added.push(bytes);
      add.call(gpu.budget, flops, bytes);
    };
    try {
      const b = GpuArray.fromBits(gpu, new Uint16Array(64 * 48), [64, 48], 'f16');
      matmulWith('workgroup-64', upload(gpu, 1, 64, 64), b);
    } finally {
      gpu.budget.add = add;
    }
    // a, b, out; where a bias or a residual would be one of these is bound once more.
    assert.equal(added.at(-1), 4 * 64 * 64 + 2 * 64 * 48 + 4 * 64 * 48);
  });

  test('a long product is split between submits and keeps its bits', async (t) => {
    const whole = await t.gpu();
    const small = await Gpu.create(await t.host.gpu(), { submitSeconds: 1e-6 });
    const [m, k, n] = [300, 64, 48];
    const lanes = whole.facts.features.includes('subgroups') ? (['subgroups'] as const) : [];
    const texels = whole.facts.class === 'lavapipe' ? (['textures'] as const) : [];
    for (const variant of ['reference', 'registers-16', 'workgroup-64', ...lanes, ...texels] as const) {
      for (const transposeA of variant === 'reference' ? [false, true] : [variant !== 'workgroup-64']) {
        const run = async (gpu: DeviceGpu) => {
          using _scope = gpu.scope();
          const a = GpuArray.from(gpu, noise(1, m * k), transposeA ? [k, m] : [m, k]);
          const b = GpuArray.from(gpu, noise(2, k * n), [k, n]);
          const bias = GpuArray.from(gpu, noise(3, n), [n]);
          const residual = GpuArray.from(gpu, noise(4, m * n), [m, n]);
          const before = gpu.submits;
          const out = await matmulWith(variant, a, b, { transposeA, bias, residual, act: 'gelu' }).read();
          return { out, submits: gpu.submits - before };
        };
        const [one, many] = [await run(whole), await run(small)];
        assert.equal(one.submits, 1);
        // With a transposed copy before the first part, or copies with rows of 64 numbers, which a^T and b have not.
        const copies = variant === 'textures' ? 1 + Number(transposeA) : Number(variant === 'subgroups' && transposeA);
        assert.equal(many.submits, Math.ceil(m / TILES[variant]) + copies);
        assert.deepEqual(many.out, one.out);
      }
    }
    await small.destroy();
  });

  for (const [name, { work, submits, runtimes = null }] of Object.entries(SPLIT)) {
    const run = async (t: TestContext) => {
      const small = await Gpu.create(await t.host.gpu(), { submitSeconds: 1e-6 });
      const measured = async (gpu: DeviceGpu) => {
        using _scope = gpu.scope();
        const before = gpu.submits;
        const out = await work(gpu).read();
        return { out, submits: gpu.submits - before };
      };
      const [one, many] = [await measured(await t.gpu()), await measured(small)];
      small.destroy();
      assert.equal(one.submits, 1);
      assert.equal(many.submits, submits);
      assert.deepEqual(many.out, one.out);
    };
    test(`${name}: split between submits, the same bits`, run, runtimes);
  }
});
