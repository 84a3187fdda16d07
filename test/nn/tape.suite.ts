import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { fill } from '../../src/kernels/elementwise.ts';
import {
  Adam,
  add,
  apply,
  concatenate,
  isRecording,
  linear,
  matmul,
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

  test('gradients by hand: linear with ReLU, a product with its factor, a bias that is repeated, rows put together', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const array = (values: number[], shape: number[]) => GpuArray.from(gpu, Float32Array.from(values), shape);
    const gradients = async (values: [number[], number[]][], body: (p: Parameter[]) => Tensor, seed: number[]) => {
      const parameters = values.map(([list, shape], i) => new Parameter(`p${i}`, array(list, shape)));
      const tape = new Tape();
      const out = tape.record(() => body(parameters));
      tape.backward(out, array(seed, [...out.shape]));
      const grads = await Promise.all(parameters.map((p) => p.grad!.read()));
      for (const p of parameters) p.release();
      return grads.map((grad) => [...grad]);
    };
    // x = 3, W = (−1, 2): W x = (−3, 6), of which ReLU passes the second: dx = 2 · 7, dW = (0, 3 · 7), db = (0, 7).
    const relu = await gradients(
      [
        [[3], [1, 1]],
        [
          [-1, 2],
          [2, 1],
        ],
        [[0, 0], [2]],
      ],
      ([x, w, b]) => linear(x, w, b, 'relu'),
      [5, 7],
    );
    assert.deepEqual(relu, [[14], [0, 21], [0, 7]]);
    // 10 a b with a = (1, 2), b = (3, 4)ᵀ: da = 10 · 2 · (3, 4), db = 10 · 2 · (1, 2).
    const product = await gradients(
      [
        [
          [1, 2],
          [1, 2],
        ],
        [
          [3, 4],
          [2, 1],
        ],
      ],
      ([a, b]) => matmul(a, b, 10),
      [2],
    );
    assert.deepEqual(product, [
      [60, 80],
      [20, 40],
    ]);
    // Three rows with one bias: its gradient is the sum of theirs.
    const bias = await gradients(
      [
        [
          [0, 0, 0, 0, 0, 0],
          [3, 2],
        ],
        [[0, 0], [2]],
      ],
      ([x, b]) => add(x, b),
      [1, 10, 2, 20, 3, 30],
    );
    assert.deepEqual(bias, [
      [1, 10, 2, 20, 3, 30],
      [6, 60],
    ]);
    const rows = await gradients(
      [
        [
          [0, 0],
          [1, 2],
        ],
        [
          [0, 0, 0, 0],
          [2, 2],
        ],
      ],
      ([a, b]) => concatenate([a, b]),
      [1, 2, 3, 4, 5, 6],
    );
    assert.deepEqual(rows, [
      [1, 2],
      [3, 4, 5, 6],
    ]);
  });

  test('a backward gives what is wanted, leaves the seed alone and holds no memory; recording goes on after it', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = new Parameter('x', GpuArray.from(gpu, Float32Array.of(1, 2), [2]));
    const seed = GpuArray.from(gpu, Float32Array.of(1, 10), [2]);
    const outer = new Tape();
    const inner = new Tape();
    const held: number[] = [];
    const wanted: (GpuArray | null)[] = [];
    outer.record(() => {
      let middle!: Tensor;
      const y = inner.record(() => {
        middle = scale(x, 2);
        return scale(scale(middle, 3), 1);
      });
      held.push(gpu.pool.liveBuffers);
      wanted.push(...inner.backward(y, seed, [middle]));
      held.push(gpu.pool.liveBuffers);
      assert.equal(outer.length, 0);
      scale(x, 5);
      assert.equal(outer.length, 1, 'what follows is recorded again');
    });
    // The gradients of x and of what was wanted: the only ones that are left.
    assert.equal(held[1] - held[0], 2);
    assert.deepEqual([...(await wanted[0]!.read())], [3, 30]);
    assert.deepEqual([...(await x.grad!.read())], [6, 60]);
    assert.deepEqual([...(await seed.read())], [1, 10]);
    assert.isFalse(scale(x, 5).requiresGrad, 'nothing is recorded outside');
    x.release();
  });

  test('Adam by hand: two steps with a gradient of 1, the second at half the rate', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = new Parameter('x', GpuArray.from(gpu, Float32Array.of(1), [1]));
    const idle = new Parameter('idle', GpuArray.from(gpu, Float32Array.of(1), [1]));
    const adam = new Adam([{ parameters: [x, idle], lr: 0.1 }]);
    const step = async (scaleBy: number) => {
      const tape = new Tape();
      tape.backward(
        tape.record(() => scale(x, 1)),
        fill([1], 1, gpu),
      );
      adam.step(scaleBy);
      assert.isNull(x.grad, 'gradients are forgotten');
      return (await x.read())[0];
    };
    // m / (1 − β₁ᵗ) and v / (1 − β₂ᵗ) are 1 as long as all gradients are: each step is the rate.
    assert.closeTo(await step(1), 0.9, 1e-6);
    // After one step m² / v = 0.1² / 0.001.
    const [m, v] = await Promise.all(['exp_avg.x', 'exp_avg_sq.x'].map((name) => adam.state().get(name)!.read()));
    assert.closeTo(m[0] ** 2 / v[0], 10, 1e-3);
    assert.closeTo(await step(0.5), 0.85, 1e-6);
    assert.equal(adam.steps, 2);
    assert.deepEqual([...(await idle.read())], [1]);
    adam.release();
    x.release();
    idle.release();
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
    const played = outer.record(() => scale(x, 3));
    outer.backward(played, fill([2], 1, gpu));
    assert.throws(() => outer.backward(played, fill([2], 1, gpu)), /play a tape back once/);
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
      const product = matmul(a, b);
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
      // With an eps that counts, a factor on the gradients counts too.
      const [lr, b1, b2, eps] = [1e-2, 0.5, 0.999, weightDecay ? 0.1 : 1e-8];
      const p = new Parameter('p', GpuArray.from(gpu, start, [7]));
      const adam = new Adam([{ parameters: [p], lr, betas: [b1, b2], eps, weightDecay }]);
      for (let step = 1; step <= 20; step++) {
        using _scope = gpu.scope();
        const slope = noise(100 + step, 7);
        const tape = new Tape();
        const loss = tape.record(() => matmul(reshape(p, [1, 7]), new Tensor(GpuArray.from(gpu, slope, [7, 1]))));
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
