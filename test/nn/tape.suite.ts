import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { fill } from '../../src/kernels/elementwise.ts';
import {
  Adam,
  add,
  apply,
  isRecording,
  linear,
  multiply,
  type Operation,
  Parameter,
  reshape,
  scale,
  sum,
  Tape,
  Tensor,
} from '../../src/nn/index.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

suite('tape', () => {
  test('adds the gradients of a value that is used several times', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = new Parameter('x', GpuArray.from(gpu, Float32Array.of(1, 2, 3), [3]));
    const tape = new Tape();
    // 2x + (x + x) + 3x, the middle sum passing one gradient buffer on to both of its inputs.
    const loss = tape.record(() => sum(add(scale(x, 2), add(add(x, x), scale(x, 3)))));
    tape.backward(loss, fill([1], 1, gpu));
    assert.deepEqual([...(await x.grad!.read())], [7, 7, 7]);
    assert.deepEqual([...(await loss.read())], [42]);
    x.release();
  });

  test('sums over backward passes until zeroGrad', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = new Parameter('x', GpuArray.from(gpu, Float32Array.of(1, 2), [2]));
    for (const expected of [3, 6]) {
      const tape = new Tape();
      tape.backward(
        tape.record(() => sum(scale(x, 3))),
        fill([1], 1, gpu),
      );
      assert.deepEqual([...(await x.grad!.read())], [expected, expected]);
    }
    x.zeroGrad();
    assert.isNull(x.grad);
    x.release();
  });

  test('is as before after a body that throws, and empty after a backward that does', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = new Parameter('x', GpuArray.from(gpu, Float32Array.of(1, 2), [2]));
    const tape = new Tape();
    const fail = (): never => {
      throw new Error('on purpose');
    };
    const failing: Operation<null> = {
      name: 'failing',
      forward: ([input]) => ({ output: input.reshape([2]), saved: [] }),
      backward: fail,
    };
    const outer = new Tape();
    outer.record(() => {
      const broken = tape.record(() => sum(apply(failing, [x], null)));
      assert.throws(() => tape.record(() => [scale(x, 3), fail()]), /on purpose/);
      assert.equal(tape.length, 2);
      assert.throws(() => tape.backward(broken, fill([1], 1, gpu)), /on purpose/);
      assert.equal(tape.length, 0);
      assert.isTrue(isRecording(), 'the tape around it records again');
    });
    assert.isFalse(isRecording());
    x.zeroGrad();
    tape.backward(
      tape.record(() => sum(scale(x, 3))),
      fill([1], 1, gpu),
    );
    assert.deepEqual([...(await x.grad!.read())], [3, 3]);
    x.release();
  });

  test('records nothing outside record and nothing for frozen inputs', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const frozen = new Parameter('w', GpuArray.from(gpu, noise(1, 12), [3, 4]), false);
    const x = new Tensor(GpuArray.from(gpu, noise(2, 8), [2, 4]));
    const tape = new Tape();
    tape.record(() => {
      assert.isTrue(isRecording());
      return linear(x, frozen, null);
    });
    assert.equal(tape.length, 0);
    assert.isFalse(isRecording());
    frozen.release();
  });

  test('lets views and products share buffers without spoiling each other', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const a = new Parameter('a', GpuArray.from(gpu, noise(1, 6), [2, 3]));
    const b = new Parameter('b', GpuArray.from(gpu, noise(2, 6), [3, 2]));
    const tape = new Tape();
    const loss = tape.record(() => {
      const product = multiply(a, b);
      return sum(add(reshape(product, [4]), reshape(add(product, product), [4])));
    });
    tape.backward(loss, fill([1], 1, gpu));
    const bs = await b.read();
    const expected = [0, 1].flatMap(() => [0, 1, 2].map((k) => 3 * (bs[2 * k] + bs[2 * k + 1])));
    assertClose(await a.grad!.read(), expected, { absolute: 1e-6 });
    a.release();
    b.release();
  });

  test('keeps memory flat over a thousand steps', async (t) => {
    const gpu = await t.gpu();
    const weight = new Parameter('w', GpuArray.from(gpu, noise(1, 15), [3, 5]));
    const adam = new Adam([{ parameters: [weight], lr: 1e-3 }]);
    const input = GpuArray.from(gpu, noise(2, 20), [4, 5]).keep();
    const live: number[] = [];
    const reserved: number[] = [];
    for (let step = 0; step < 1000; step++) {
      using _scope = gpu.scope();
      const tape = new Tape();
      const loss = tape.record(() => sum(linear(new Tensor(input), weight, null, 'relu')));
      tape.backward(loss, fill([1], 1, gpu));
      adam.step();
      if (step === 10 || step === 999) {
        live.push(gpu.pool.liveBytes);
        reserved.push(gpu.pool.reservedBytes);
      }
    }
    await gpu.idle();
    assert.equal(live[1], live[0]);
    assert.equal(reserved[1], reserved[0]);
    input.release();
    adam.release();
    weight.release();
  });
});

suite('Adam', () => {
  for (const weightDecay of [0, 0.1]) {
    test(`follows the float64 formula for 20 steps${weightDecay ? ' with decoupled decay' : ''}`, async (t) => {
      const gpu = await t.gpu();
      const start = noise(5, 7);
      const theta = Float64Array.from(start);
      const [m, v] = [new Float64Array(7), new Float64Array(7)];
      const [lr, b1, b2, eps] = [1e-2, 0.5, 0.999, 1e-8];
      const p = new Parameter('p', GpuArray.from(gpu, start, [7]));
      const adam = new Adam([{ parameters: [p], lr, betas: [b1, b2], weightDecay }]);
      for (let step = 1; step <= 20; step++) {
        using _scope = gpu.scope();
        const slope = noise(100 + step, 7);
        const tape = new Tape();
        const loss = tape.record(() => multiply(reshape(p, [1, 7]), new Tensor(GpuArray.from(gpu, slope, [7, 1]))));
        tape.backward(loss, fill([1, 1], 1, gpu));
        adam.step();
        for (let i = 0; i < 7; i++) {
          theta[i] *= 1 - lr * weightDecay;
          m[i] = b1 * m[i] + (1 - b1) * slope[i];
          v[i] = b2 * v[i] + (1 - b2) * slope[i] ** 2;
          theta[i] -= (lr * (m[i] / (1 - b1 ** step))) / (Math.sqrt(v[i] / (1 - b2 ** step)) + eps);
        }
      }
      assertClose(await p.read(), theta, { absolute: 2e-6 });
      adam.release();
      p.release();
    });
  }
});
