import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { defineShader } from '../../src/gpu/define_shader.ts';
import { RepeatedStep } from '../../src/gpu/repeated_step.ts';
import { add, scale } from '../../src/kernels/elementwise.ts';
import { matmulWith } from '../../src/kernels/matmul.ts';
import { suite, test } from '../harness/registry.ts';

/** y times a number, in place. */
const times = (factor: number) => `struct Params { size: u32, }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(2) fn main(@builtin(global_invocation_id) id: vec3u) { if (id.x < params.size) { y[id.x] *= ${factor}.0; } }`;

suite('repeated steps', () => {
  test('a replay reads its inputs anew and uploads its own data again', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = GpuArray.zeros(gpu, [2]);
    const state = GpuArray.from(gpu, Float32Array.of(1, 1), [2]);
    const step = new RepeatedStep<GpuArray>(gpu);
    let runs = 0;
    const results: number[][] = [];
    for (const value of [1, 2, 3]) {
      x.write(Float32Array.of(value, -value));
      const y = step.run('a', () => {
        using inner = gpu.scope();
        runs++;
        const ten = GpuArray.from(gpu, Float32Array.of(10, 20), [2]);
        const sum = add(x, ten);
        // Takes the place of what was uploaded.
        ten.release();
        const doubled = scale(sum, 2);
        const next = add(state, doubled);
        gpu.copy(next, state);
        inner.pass(doubled.buffer);
        return doubled;
      });
      results.push([...(await y.read())]);
    }
    assert.equal(runs, 1);
    assert.deepEqual(results, [
      [22, 38],
      [24, 36],
      [26, 34],
    ]);
    assert.deepEqual([...(await state.read())], [73, 109]);
    step.release();
  });

  test('what a step needs is compiled before it, without its commands, and stops between two kernels', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const state = GpuArray.from(gpu, Float32Array.of(1, 2), [2]);
    const step = new RepeatedStep<GpuArray>(gpu);
    let kept: GpuArray | null = null;
    const shaders = [0, 1, 2].map((i) => defineShader(times(i + 2)));
    const body = () => {
      kept ??= gpu.lasting(() => GpuArray.from(gpu, Float32Array.of(5, 7), [2]));
      const x = GpuArray.from(gpu, Float32Array.of(1, 1), [2]);
      for (const shader of shaders) gpu.run({ shader, buffers: { y: state }, params: { size: 2 }, groups: [1] });
      gpu.copy(add(state, x), state);
      return add(state, kept);
    };
    const before = gpu.programs.size;
    const stop = new AbortController();
    stop.abort();
    await step.prepare('a', body, stop.signal);
    assert.equal(gpu.programs.size, before, 'compiled after it was stopped');
    await step.prepare('a', body);
    const compiled = gpu.programs.size;
    assert.isAtLeast(compiled - before, 3);
    assert.deepEqual([...(await state.read())], [1, 2], 'a command was carried out');
    const y = step.run('a', body);
    assert.equal(gpu.programs.size, compiled, 'something was not prepared');
    assert.deepEqual([...(await y.read())], [30, 56]);
    assert.deepEqual([...(await state.read())], [25, 49]);
    step.release();
    kept!.release();
  });

  test('kernels are compiled ahead of work that reads, without its commands and without what comes after', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const y = GpuArray.from(gpu, Float32Array.of(1, 2), [2]);
    const shader = defineShader(times(7));
    const { liveBuffers } = gpu.pool;
    const before = gpu.programs.size;
    const seen: boolean[] = [];
    const body = async () => {
      seen.push(gpu.preparing);
      gpu.run({ shader, buffers: { y }, params: { size: 2 }, groups: [1] });
      const values = await add(y, GpuArray.from(gpu, Float32Array.of(1, 1), [2])).read();
      seen.push(gpu.preparing);
      return values;
    };
    const broken = defineShader(times(7).replace('id.x < params.size', 'nothing'));
    await gpu.prepare(() => gpu.run({ shader: broken, buffers: { y }, params: { size: 2 }, groups: [1] }));
    await gpu.idle(); // a failure is left to who runs it
    await gpu.prepare(body);
    assert.deepEqual(seen, [true]);
    assert.isAbove(gpu.programs.size, before);
    assert.equal(gpu.pool.liveBuffers, liveBuffers);
    const compiled = gpu.programs.size;
    using job = gpu.job();
    assert.deepEqual([...(await job.do(body))], [8, 15]);
    assert.deepEqual(seen, [true, false, false]);
    assert.equal(gpu.programs.size, compiled, 'something was not prepared');
  });

  test(
    'a replay copies the texels of its product anew, whatever other products left in the textures',
    async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const filled = (rows: number, value: number) =>
        GpuArray.from(gpu, new Float32Array(rows * 64).fill(value), [rows, 64]);
      const ones = filled(3, 1);
      const x = GpuArray.zeros(gpu, [2, 64]);
      const step = new RepeatedStep<GpuArray>(gpu);
      for (const value of [1, 2, 3]) {
        x.write(new Float32Array(128).fill(value));
        const y = step.run('a', () => matmulWith('textures', x, ones, { transposeB: true }));
        // More rows, so that the textures grow, or none is left.
        if (value === 1) matmulWith('textures', filled(600, 7), ones, { transposeB: true });
        else gpu.trim();
        assert.deepEqual([...(await y.read())], new Array(6).fill(64 * value));
      }
      step.release();
    },
    ['deno'],
  );

  test('a step that fails the first time leaves the stream whole for what runs beside it', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const other = add(GpuArray.from(gpu, Float32Array.of(1, 2), [2]), GpuArray.from(gpu, Float32Array.of(3, 4), [2]));
    const step = new RepeatedStep<GpuArray>(gpu);
    const failing = () => {
      add(GpuArray.from(gpu, Float32Array.of(5, 6), [2]), other);
      throw new Error('of the step');
    };
    assert.throws(() => step.run('a', failing), /of the step/);
    assert.deepEqual([...(await other.read())], [4, 6]);
    const again = step.run('a', () => add(other, other));
    assert.deepEqual([...(await again.read())], [8, 12]);
    step.release();
  });

  test('what a step makes for others is not of its own memory', async (t) => {
    const gpu = await t.gpu();
    using job = gpu.job();
    const x = job.do(() => GpuArray.from(gpu, Float32Array.of(1, 2), [2]));
    const step = new RepeatedStep<GpuArray>(gpu);
    const made: GpuArray[] = [];
    const run = () =>
      step.run('a', () => {
        const own = scale(x, 2);
        made.push(job.do(() => scale(x, 3)));
        assert.throws(() => own.buffer.scope!.pass(own.buffer), /pass: .* recorded step/);
        assert.throws(() => job.adopt(own.buffer), /adopt: .* recorded step/);
        assert.throws(() => gpu.job(), /waits for nothing/);
        return own;
      });
    run();
    step.run('b', () => scale(x, 5));
    assert.deepEqual([...(await made[0].read())], [3, 6]);
    made[0].release();
    assert.throws(run, /replay: .* was released/);
    step.release();
  });

  test('steps of all sizes share memory, and give it back', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const inputs = [1000, 999].map((size) => GpuArray.zeros(gpu, [size]));
    gpu.trim();
    const { reservedBytes, liveBytes } = gpu.pool;
    const step = new RepeatedStep<null>(gpu);
    const run = (i: number) =>
      step.run(String(i), () => {
        using _inner = gpu.scope();
        add(inputs[i], inputs[i]);
        return null;
      });
    run(0);
    const withOne = gpu.pool.reservedBytes;
    assert.isAbove(withOne, reservedBytes);
    run(1);
    assert.equal(gpu.pool.reservedBytes, withOne);
    // Nobody else gets what a step uses, even while it does not run.
    const other = GpuArray.empty(gpu, [1000]);
    assert.isAbove(gpu.pool.reservedBytes, withOne);
    other.release();
    assert.equal(gpu.pool.liveBytes, liveBytes);
    step.release();
    gpu.trim();
    assert.equal(gpu.pool.reservedBytes, reservedBytes);
    await gpu.idle();
  });

  test('refuse what a replay could not repeat', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = GpuArray.zeros(gpu, [4]);
    const step = new RepeatedStep<GpuArray>(gpu);
    assert.throws(
      () =>
        step.run('write', () => {
          x.write(new Float32Array(4));
          return x;
        }),
      /cannot write to arrays from outside/,
    );
    assert.throws(() => step.run('nested', () => step.run('inner', () => x)), /do not nest/);
    step.run('sum', () => add(x, x));
    x.release();
    assert.throws(() => step.run('sum', () => add(x, x)), /was released/);
    const again = GpuArray.zeros(gpu, [4]);
    assert.equal(again.buffer.raw, x.buffer.raw);
    assert.throws(() => step.run('sum', () => add(x, x)), /was released/);
    step.release();
  });
});
