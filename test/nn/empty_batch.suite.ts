import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { uploadIndex } from '../../src/kernels/row_index.ts';
import { attention } from '../../src/nn/functions/attention.ts';
import {
  activate,
  add,
  assembleTokens,
  bce,
  bilinearResize,
  concatenate,
  cosineLogits,
  dice,
  focal,
  gatherRows,
  l2Normalize,
  layerNorm,
  linear,
  matmul,
  meanGroups,
  meanRows,
  Parameter,
  patchEmbedding,
  reshape,
  scale,
  scaleRows,
  softmax,
  sum,
  Tape,
  Tensor,
} from '../../src/nn/index.ts';
import { noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

/** A function of a batch without images, and what else is trained in it. */
interface EmptyCase {
  /** Shape of the batch. */
  readonly x: readonly number[];
  readonly others?: readonly (readonly number[])[];
  /** Shape of the result. */
  readonly y: readonly number[];
  run(x: Tensor, others: readonly Tensor[], gpu: Gpu): Tensor;
}

const blank = (gpu: Gpu, shape: readonly number[]) => GpuArray.zeros(gpu, shape);
const CASES: Readonly<Record<string, EmptyCase>> = {
  linear: { x: [0, 8], others: [[4, 8]], y: [0, 4], run: (x, [w]) => linear(x, w, null) },
  'linear with a bias': { x: [0, 8], others: [[4, 8], [4]], y: [0, 4], run: (x, [w, b]) => linear(x, w, b) },
  'linear with a bias and ReLU': {
    ...{ x: [0, 8], others: [[4, 8], [4]], y: [0, 4] },
    run: (x, [w, b]) => linear(x, w, b, 'relu'),
  },
  'linear of images without rows': {
    ...{ x: [2, 0, 8], others: [[4, 8], [4]], y: [2, 0, 4] },
    run: (x, [w, b]) => linear(x, w, b),
  },
  multiply: { x: [0, 8], others: [[8, 4]], y: [0, 4], run: (x, [b]) => matmul(x, b) },
  'multiply a batch': { x: [0, 3, 8], others: [[0, 8, 4]], y: [0, 3, 4], run: (x, [b]) => matmul(x, b) },
  layerNorm: { x: [0, 8], others: [[8], [8]], y: [0, 8], run: (x, [w, b]) => layerNorm(x, w, b) },
  attention: { x: [0, 5, 24], y: [0, 5, 8], run: (x) => attention(x, 2, false) },
  'causal attention': { x: [0, 5, 24], y: [0, 5, 8], run: (x) => attention(x, 2, true) },
  activate: { x: [0, 8], y: [0, 8], run: (x) => activate(x, 'gelu') },
  add: { x: [0, 8], others: [[0, 8]], y: [0, 8], run: (x, [b]) => add(x, b) },
  'add a table': { x: [0, 3, 8], others: [[3, 8]], y: [0, 3, 8], run: (x, [b]) => add(x, b) },
  scale: { x: [0, 8], y: [0, 8], run: (x) => scale(x, 3) },
  weightRows: { x: [0, 8], y: [0, 8], run: (x, _, gpu) => scaleRows(x, blank(gpu, [0])) },
  softmax: { x: [0, 2], y: [0, 2], run: (x) => softmax(x) },
  l2Normalize: { x: [0, 8], y: [0, 8], run: (x) => l2Normalize(x) },
  cosineLogits: { x: [0, 8], others: [[2, 8]], y: [0, 2], run: (x, [t]) => cosineLogits(x, t, 100) },
  'gatherRows of no row': { x: [3, 8], y: [0, 8], run: (x, _, gpu) => gatherRows(x, uploadIndex(gpu, [])) },
  meanGroups: { x: [0, 8], y: [0, 8], run: (x, _, gpu) => meanGroups(x, uploadIndex(gpu, [0])) },
  meanRows: { x: [0, 4, 8], y: [0, 8], run: (x) => meanRows(x) },
  assembleTokens: {
    ...{ x: [0, 4, 8], others: [[8], [5, 8]], y: [0, 5, 8] },
    run: (x, [cls, positions]) => assembleTokens(x, cls, positions),
  },
  patchEmbedding: {
    ...{ x: [16, 3, 4, 4], y: [0, 4, 16] },
    run: (w, _, gpu) => patchEmbedding(new Tensor(blank(gpu, [0, 3, 8, 8])), w),
  },
  concatenate: { x: [0, 8], others: [[0, 8]], y: [0, 8], run: (x, [b]) => concatenate([x, b]) },
  'concatenate with rows': { x: [0, 8], others: [[2, 8]], y: [2, 8], run: (x, [b]) => concatenate([x, b]) },
  bilinearResize: { x: [0, 2, 2, 2], y: [0, 4, 4, 2], run: (x) => bilinearResize(x, [4, 4], true) },
  reshape: { x: [0, 8], y: [0, 2, 4], run: (x) => reshape(x, [0, 2, 4]) },
};

suite('an empty batch', () => {
  for (const [name, { x: shape, others = [], y, run }] of Object.entries(CASES)) {
    test(`goes through ${name} and back`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const parameter = (shape: readonly number[], i: number) => {
        const size = shape.reduce((a, b) => a * b, 1);
        return new Parameter(`p${i}`, GpuArray.from(gpu, noise(i, size), shape));
      };
      const [x, ...rest] = [shape, ...others].map(parameter);
      const tape = new Tape();
      const result = tape.record(() => run(x, rest, gpu));
      assert.deepEqual([...result.shape], [...y]);
      assert.lengthOf(
        await result.read(),
        y.reduce((a, b) => a * b, 1),
      );
      tape.backward(result, GpuArray.zeros(gpu, y));
      for (const one of [x, ...rest]) {
        if (one.grad) assert.isTrue((await one.grad.read()).every((g) => g === 0));
        one.release();
      }
    });
  }

  test('sums to 0', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = new Parameter('x', GpuArray.zeros(gpu, [0, 8]));
    const tape = new Tape();
    const total = tape.record(() => sum(x));
    assert.deepEqual([...(await total.read())], [0]);
    tape.backward(total, GpuArray.zeros(gpu, [1]));
    x.release();
  });

  test('has no mean loss', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const maps = new Tensor(blank(gpu, [0, 4, 4, 2]));
    const mask = blank(gpu, [0, 4, 4]);
    assert.throws(() => focal(maps, mask, { gamma: 2, smooth: 1e-5, alpha: null }), /there is no image/);
    assert.throws(() => dice(maps, mask), /there is no image/);
    assert.throws(() => bce(new Tensor(blank(gpu, [0, 2])), blank(gpu, [0]), 'prob'), /there is no/);
  });
});
