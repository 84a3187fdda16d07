import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import { GpuArray, tidy } from '../../src/gpu/array.ts';
import { Gpu } from '../../src/gpu/gpu.ts';
import { RepeatedStep } from '../../src/gpu/repeated_step.ts';
import { packParams, specialize } from '../../src/gpu/shader.ts';
import { add, addInto, scale } from '../../src/kernels/elementwise.ts';
import { Tape } from '../../src/nn/tape.ts';
import { noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';
import { errorOf, tiny } from './tiny.ts';

const wait = async () => {};

suite('memory', () => {
  test('a scope releases what is not kept or passed on', async (t) => {
    const gpu = await t.gpu();
    const before = gpu.pool.liveBuffers;
    let kept: GpuArray;
    {
      using _outer = gpu.scope();
      {
        using inner = gpu.scope();
        GpuArray.empty(gpu, [100]);
        kept = GpuArray.empty(gpu, [100]).keep();
        inner.pass(GpuArray.empty(gpu, [100]).buffer);
        assert.equal(gpu.pool.liveBuffers, before + 3);
      }
      assert.equal(gpu.pool.liveBuffers, before + 2);
    }
    assert.equal(gpu.pool.liveBuffers, before + 1);
    kept.release();
    assert.equal(gpu.pool.liveBuffers, before);
    assert.throws(() => kept.release(), /released twice/);
  });

  test('the peak stays when memory is given back', async (t) => {
    const gpu = await t.gpu();
    const { liveBytes, peakBytes } = gpu.pool;
    gpu.pool.peakBytes = liveBytes;
    {
      using _scope = gpu.scope();
      GpuArray.empty(gpu, [1024]);
      GpuArray.empty(gpu, [2048]);
    }
    {
      using _scope = gpu.scope();
      GpuArray.empty(gpu, [256]);
    }
    assert.equal(gpu.pool.peakBytes - liveBytes, 4 * (1024 + 2048));
    gpu.pool.peakBytes = Math.max(peakBytes, gpu.pool.peakBytes);
  });

  test('scopes must end in reverse order; one that does not ends all the same', async (t) => {
    const gpu = await t.gpu();
    const outer = gpu.scope();
    const old = GpuArray.empty(gpu, [4]);
    const inner = gpu.scope();
    assert.throws(() => outer[Symbol.dispose](), /reverse order/);
    assert.isFalse(old.buffer.alive);
    inner[Symbol.dispose]();
    outer[Symbol.dispose]();
    const free = GpuArray.empty(gpu, [4]);
    assert.isNull(free.buffer.scope);
    free.release();
  });

  test('a released array and its views are refused by name wherever they are used', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const before = GpuArray.from(gpu, Float32Array.of(1, 2, 3, 4), [4]);
    const view = before.reshape([2, 2]);
    const other = GpuArray.zeros(gpu, [2, 2]);
    // The second time the bind group is known.
    for (let i = 0; i < 2; i++) scale(view, 2).release();
    before.release();
    const next = GpuArray.from(gpu, Float32Array.of(5, 6, 7, 8), [2, 2]);
    assert.equal(next.buffer.raw, before.buffer.raw);
    const uses: Record<string, () => unknown> = {
      scale: () => scale(view, 2),
      add_into: () => addInto(other, view),
      'copy from': () => gpu.copy(view, other),
      'copy to': () => gpu.copy(other, view),
      clear: () => gpu.clear(view),
      write: () => view.write(new Float32Array(4)),
      read: () => view.read(),
      keep: () => view.keep(),
      pass: () => _scope.pass(view.buffer),
      reshape: () => before.reshape([1, 4]),
      view: () => before.view(0, 2),
      '"array" was released twice': () => view.release(),
    };
    for (const [words, use] of Object.entries(uses)) {
      assert.include(((await errorOf(use)) as Error).message, words);
    }
    assert.deepEqual([...(await next.read())], [5, 6, 7, 8]);
  });

  test('memory of another Gpu, a view beyond an array and a copy into too little room are refused', async (t) => {
    const gpu = await t.gpu();
    const other = await Gpu.create(await t.host.gpu());
    using _scope = gpu.scope();
    using _theirs = other.scope();
    const own = GpuArray.from(gpu, Float32Array.of(1, 2, 3, 4), [4]);
    const foreign = GpuArray.from(other, Float32Array.of(5, 6, 7, 8), [4]);
    const wide = GpuArray.zeros(gpu, [128, 2]);
    const beyond = new GpuArray(gpu, own.buffer, [64], 'f32');
    const uses: [string, () => unknown][] = [
      ['(b): "array" is memory of another Gpu', () => add(own, foreign)],
      ['(b): "array" is memory of another Gpu', () => add(foreign, own)],
      ['read: "array" is memory of another Gpu', () => gpu.read(foreign)],
      ['copy to: "array" is memory of another Gpu', () => gpu.copy(own, foreign)],
      ['release: "array" is memory of another Gpu', () => gpu.pool.release(foreign.buffer)],
      ['adopt: "array" is memory of another Gpu', () => _scope.adopt(foreign.buffer)],
      ['no entries 32 to 132', () => wide.view(32, 100)],
      ['no entries -32 to 0', () => wide.view(-32, 32)],
      ['bytes 0 to 256 are not inside "array" of 16', () => scale(beyond, 2)],
      ['copy of 1024 bytes into 16', () => gpu.copy(wide, own)],
    ];
    for (const [words, use] of uses) assert.include(((await errorOf(use)) as Error).message, words);
    assert.deepEqual([...(await own.read())], [1, 2, 3, 4]);
    assert.deepEqual([...(await foreign.read())], [5, 6, 7, 8]);
    await other.destroy();
  });

  test('a scope gives away only what is its own, and one that has ended takes nothing', async (t) => {
    const gpu = await t.gpu();
    using outer = gpu.scope();
    let array: GpuArray;
    {
      using _inner = gpu.scope();
      array = GpuArray.zeros(gpu, [4]);
      outer.disown(array.buffer);
      assert.isNotNull(array.buffer.scope);
    }
    assert.isFalse(array.buffer.alive);
    assert.throws(() => outer.adopt(array.buffer), /adopt: "array" was released/);
    const job = gpu.job();
    job[Symbol.dispose]();
    const { reservedBytes } = gpu.pool;
    assert.throws(() => job.do(() => GpuArray.empty(gpu, [77777])), /has ended/);
    assert.equal(gpu.pool.reservedBytes, reservedBytes);
  });

  test('a job owns what is made inside it, whatever other work does meanwhile', async (t) => {
    const gpu = await t.gpu();
    const before = gpu.pool.liveBuffers;
    const work = async (value: number, steps: number) => {
      using job = gpu.job();
      let sum = job.do(() => GpuArray.from(gpu, new Float32Array(100).fill(value), [100]));
      for (let i = 0; i < steps; i++) {
        await sum.read();
        sum = job.do(() => add(sum, scale(sum, 2)));
      }
      job.pass(sum.buffer);
      return sum;
    };
    {
      using _scope = gpu.scope();
      const sums = await Promise.all([work(1, 3), work(2, 1), work(3, 5), work(4, 0)]);
      const values: number[] = [];
      for (const sum of sums) values.push((await sum.read())[99]);
      assert.deepEqual(values, [27, 6, 729, 4]);
      assert.equal(gpu.pool.liveBuffers, before + 4);
    }
    assert.equal(gpu.pool.liveBuffers, before);
  });

  test('a scope that is held across an await inside a job, and bodies that wait, are refused', async (t) => {
    const gpu = await t.gpu();
    using job = gpu.job();
    const wrong = async () => {
      using _scope = gpu.scope();
      await Promise.resolve();
    };
    let promise: Promise<void> | undefined;
    const act = () => {
      promise = wrong();
      promise.catch(() => {}); // it is looked at below
    };
    assert.throws(() => job.do(act), /gpu\.job\(\)/);
    assert.match(((await errorOf(() => promise)) as Error).message, /gpu\.job\(\)/);
    const free = GpuArray.empty(gpu, [4]);
    assert.isNull(free.buffer.scope);
    free.release();
    for (const body of [
      () => gpu.lasting(wait),
      () => gpu.tuned({}, wait),
      () => Tape.pause(wait),
      () => new Tape().record(wait),
    ]) {
      assert.throws(body, /must not be asynchronous/);
    }
    assert.throws(() => new RepeatedStep(gpu).run('a', wait as never), /must not be asynchronous/);
  });

  test('released memory is used again and trim gives it back', async (t) => {
    const gpu = await t.gpu();
    const first = GpuArray.empty(gpu, [5000]);
    first.release();
    const reserved = gpu.pool.reservedBytes;
    const second = GpuArray.empty(gpu, [5000]);
    assert.equal(gpu.pool.reservedBytes, reserved);
    assert.equal(second.buffer.raw, first.buffer.raw);
    second.release();
    gpu.trim();
    assert.equal(gpu.pool.reservedBytes, gpu.pool.liveBytes);
  });

  test('tidy keeps only what it returns', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const before = gpu.pool.liveBuffers;
    const out = tidy(gpu, () => {
      const a = GpuArray.from(gpu, noise(1, 10), [10]);
      return add(add(a, a), a);
    });
    assert.equal(gpu.pool.liveBuffers, before + 1);
    assert.closeTo((await out.read())[3], 3 * noise(1, 10)[3], 1e-6);
  });

  test('a buffer larger than a binding is refused in words', async (t) => {
    const gpu = await t.gpu();
    const limit = gpu.facts.limits.maxStorageBufferBindingSize;
    const error = await errorOf(() => GpuArray.empty(gpu, [Math.floor(limit / 4) + 64]));
    assert.instanceOf(error, FusionclipError);
    assert.equal((error as FusionclipError).code, 'too_large');
    assert.match((error as Error).message, /binds at most/);
  });

  test('a write does not reach commands recorded before it', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const a = GpuArray.from(gpu, Float32Array.of(1, 2), [2]);
    const doubled = add(a, a);
    a.write(Float32Array.of(10, 20));
    assert.deepEqual([...(await doubled.read())], [2, 4]);
    assert.deepEqual([...(await add(a, a).read())], [20, 40]);
  });
});

suite('shaders', () => {
  test('specialize rewrites a constant and refuses one that is not there', () => {
    const source = 'const TILE: u32 = 8u;\nconst OTHER: u32 = 1u;\n';
    assert.equal(specialize(source, { TILE: 16 }), 'const TILE: u32 = 16u;\nconst OTHER: u32 = 1u;\n');
    assert.throws(() => specialize(source, { TILES: 16 }), /no line/);
    assert.throws(() => specialize(source, { TILE: 1.5 }), /u32/);
  });

  test('parameters must be complete and of their type', () => {
    const shader = tiny('one', '');
    assert.throws(() => packParams(shader, {}), /"n" is missing/);
    assert.throws(() => packParams(shader, { n: -1 }), /u32/);
    assert.equal(new Uint32Array(packParams(shader, { n: 7 }))[0], 7);
  });

  test('one pipeline serves equal constants, parameter blocks and bind groups are shared', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const a = GpuArray.zeros(gpu, [64]);
    add(a, a);
    const { size } = gpu.programs;
    add(a, a);
    assert.equal(gpu.programs.size, size);
  });

  test('the profiler times every kernel by name', async (t) => {
    const gpu = await Gpu.create(await t.host.gpu(), { profile: true });
    if (gpu.facts.features.includes('timestamp-query')) {
      using _scope = gpu.scope();
      const a = GpuArray.zeros(gpu, [64]);
      await add(add(a, a), a).read();
      const report = await gpu.profiler!.report();
      assert.equal(report.length, 1);
      assert.equal(report[0].calls, 2);
      assert.match(report[0].label, /binary/);
    } else assert.isNull(gpu.profiler);
    await gpu.destroy();
  });
});
