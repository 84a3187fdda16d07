import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { type BlockWeights, checkpoint, Parameter, Tape, Tensor, transformerBlock } from '../../src/nn/index.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';
import { type Block64, block64, blockNames, blockShapes } from './block64.ts';

const WIDTH = 24;
const HEADS = 3;
const LENGTH = 7;
const BATCH = 2;

/** Weights of a small block as parameters and as float64 arrays, from one seed. */
function makeBlock(gpu: Gpu, trainable: boolean) {
  const shapes = blockShapes(WIDTH);
  const parameters = new Map<string, Parameter>();
  const reference = {} as Block64;
  blockNames.forEach((name, i) => {
    const shape = shapes[name];
    const values = noise(
      i + 10,
      shape.reduce((a, b) => a * b, 1),
      name.endsWith('weight') ? 0.4 : 0.2,
    );
    if (name.startsWith('ln') && name.endsWith('weight'))
      values.forEach((_, k) => {
        values[k] += 1;
      });
    parameters.set(name, new Parameter(name, GpuArray.from(gpu, values, shape), trainable));
    reference[name] = Float64Array.from(values);
  });
  const affine = (name: string) => ({
    weight: parameters.get(`${name}.weight`)!,
    bias: parameters.get(`${name}.bias`)!,
  });
  const weights: BlockWeights = {
    ln_1: affine('ln_1'),
    qkv: affine('qkv'),
    out: affine('out'),
    ln_2: affine('ln_2'),
    fc: affine('fc'),
    proj: affine('proj'),
  };
  return { parameters, reference, weights };
}

suite('transformer block', () => {
  for (const causal of [false, true]) {
    for (const act of ['gelu', 'quickgelu'] as const) {
      test(`${act}${causal ? ' causal' : ''}: values and every gradient agree with float64`, async (t) => {
        const gpu = await t.gpu();
        using _scope = gpu.scope();
        const { parameters, reference, weights } = makeBlock(gpu, true);
        const shape = [BATCH, LENGTH, WIDTH];
        const xs = noise(1, BATCH * LENGTH * WIDTH);
        const probe = noise(2, xs.length);
        const x = new Tensor(GpuArray.from(gpu, xs, shape), true);
        const options = { heads: HEADS, act, causal };
        const tape = new Tape();
        const y = tape.record(() => transformerBlock(x, weights, options));
        const [dx] = tape.backward(y, GpuArray.from(gpu, probe, shape), [x]);
        const want = block64(Float64Array.from(xs), reference, BATCH, LENGTH, WIDTH, options);
        assertClose(await y.read(), want, { absolute: 2e-5 }, 'output');
        const fused = transformerBlock(new Tensor(x.value), weights, options);
        assertClose(await fused.read(), want, { absolute: 2e-5 }, 'fused output');

        const objective = (input: Float64Array, w: Block64) =>
          block64(input, w, BATCH, LENGTH, WIDTH, options).reduce((sum, v, i) => sum + v * probe[i], 0);
        const directional = (at: Float64Array, move: (v: Float64Array) => number) => {
          const direction = noise(3, at.length);
          const step = 1e-5;
          const shifted = (s: number) => at.map((v, i) => v + s * step * direction[i]);
          return { direction, slope: (move(shifted(1)) - move(shifted(-1))) / (2 * step) };
        };
        const check = (name: string, gradient: Float32Array, at: Float64Array, move: (v: Float64Array) => number) => {
          const { direction, slope } = directional(at, move);
          const got = gradient.reduce((sum, g, i) => sum + g * direction[i], 0);
          const size = Math.hypot(...gradient) * Math.hypot(...direction);
          assert.closeTo(got, slope, 1e-5 * size + 1e-6, name);
        };
        check('x', await dx!.read(), Float64Array.from(xs), (v) => objective(v, reference));
        for (const [name, p] of parameters) {
          const gradient = await p.grad!.read();
          check(name, gradient, reference[name as keyof Block64], (v) =>
            objective(Float64Array.from(xs), { ...reference, [name]: v }),
          );
        }
        for (const p of parameters.values()) p.release();
      });
    }
  }

  test('behind a checkpoint: the same bits in value and gradients', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const { parameters, weights } = makeBlock(gpu, true);
    const shape = [BATCH, LENGTH, WIDTH];
    const x = new Tensor(GpuArray.from(gpu, noise(1, BATCH * LENGTH * WIDTH), shape), true);
    const seed = GpuArray.from(gpu, noise(2, BATCH * LENGTH * WIDTH), shape);
    const options = { heads: HEADS, act: 'gelu', causal: false } as const;
    const run = async (body: () => Tensor) => {
      const tape = new Tape();
      const y = tape.record(body);
      const [dx] = tape.backward(y, seed, [x]);
      const out = [await dx!.read()];
      for (const p of parameters.values()) {
        out.push(await p.grad!.read());
        p.zeroGrad();
      }
      return out;
    };
    const plain = await run(() => transformerBlock(transformerBlock(x, weights, options), weights, options));
    const two = await run(() => {
      const middle = checkpoint(([input]) => transformerBlock(input, weights, options), [x]);
      return checkpoint(([input]) => transformerBlock(input, weights, options), [middle]);
    });
    // One parameter used twice adds its gradients in the same order; only the fused forward differs by rounding.
    plain.forEach((values, i) => {
      const largest = values.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
      assertClose(two[i], values, { absolute: 2e-5 * largest }, `gradient ${i}`);
    });
    for (const p of parameters.values()) p.release();
  });

  test('with frozen weights: a gradient for the input alone', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const { parameters, weights } = makeBlock(gpu, false);
    const shape = [BATCH, LENGTH, WIDTH];
    const x = new Tensor(GpuArray.from(gpu, noise(1, BATCH * LENGTH * WIDTH), shape), true);
    const tape = new Tape();
    const y = tape.record(() => transformerBlock(x, weights, { heads: HEADS, act: 'gelu', causal: false }));
    const [dx] = tape.backward(y, GpuArray.from(gpu, noise(2, BATCH * LENGTH * WIDTH), shape), [x]);
    assert.isNotNull(dx);
    for (const p of parameters.values()) {
      assert.isNull(p.grad);
      p.release();
    }
  });
});
