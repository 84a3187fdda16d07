import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import { Gpu } from '../../src/gpu/gpu.ts';
import type { Scope } from '../../src/gpu/memory.ts';
import { add, scale } from '../../src/kernels/elementwise.ts';
import { matmul } from '../../src/kernels/matmul.ts';
import { suite, test } from '../harness/registry.ts';
import { FAKE_KERNEL, fakeEntry, MOST_BYTES } from './fake_device.ts';
import { errorOf, tiny } from './tiny.ts';

/** Has the code of the error that `act` throws, and its text. */
async function failure(act: () => unknown): Promise<string> {
  const { code, message } = (await errorOf(act)) as FusionclipError;
  return `${code}: ${message}`;
}

/** Puts a dispatch into the stream that no device compiles. */
function breakDown(gpu: Gpu, x: GpuArray): GpuArray {
  const y = GpuArray.zeros(gpu, [4]);
  gpu.run({ shader: tiny('broken', 'y[id.x] = nothing;'), buffers: { x, y }, params: { n: 4 }, groups: [1] });
  return y;
}

suite('errors', () => {
  test('a shader that does not compile is named by the next call', async (t) => {
    const gpu = await Gpu.create(await t.host.gpu());
    const broken = tiny('broken_on_purpose', 'y[id.x] = not_a_function(x[id.x]);');
    const error = await errorOf(async () => {
      using _scope = gpu.scope();
      const x = GpuArray.zeros(gpu, [4]);
      const y = GpuArray.zeros(gpu, [4]);
      gpu.run({ shader: broken, buffers: { x, y }, params: { n: 4 }, groups: [1] });
      await y.read();
    });
    assert.instanceOf(error, FusionclipError);
    assert.equal((error as FusionclipError).code, 'gpu_error');
    assert.match((error as Error).message, /broken_on_purpose|not_a_function/);
    await gpu.destroy();
  });

  test('an error is the affair of every read that waits, and of one call', async (t) => {
    const gpu = await Gpu.create(await t.host.gpu());
    using job = gpu.job();
    const reads = job.do(() => {
      const [x, y] = [GpuArray.zeros(gpu, [4]), GpuArray.zeros(gpu, [4])];
      gpu.run({ shader: tiny('broken', 'y[id.x] = nothing;'), buffers: { x, y }, params: { n: 4 }, groups: [1] });
      return [x.read(), y.read()];
    });
    for (const read of reads) {
      const error = (await errorOf(() => read)) as FusionclipError;
      assert.equal(error.code, 'gpu_error');
    }
    assert.deepEqual([...(await job.do(() => GpuArray.zeros(gpu, [2])).read())], [0, 0]);
    await gpu.destroy();
  });

  test('a lost device makes every later call throw', async (t) => {
    const gpu = await Gpu.create(await t.host.gpu());
    using _scope = gpu.scope();
    const x = GpuArray.zeros(gpu, [4]);
    await gpu.idle();
    gpu.device.destroy();
    for (let i = 0; i < 2; i++) {
      const error = await errorOf(async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        await add(x, x).read();
      });
      assert.instanceOf(error, FusionclipError);
      assert.equal((error as FusionclipError).code, 'device_lost');
    }
  });

  test('a destroyed Gpu refuses every use but the release of memory', async (t) => {
    const gpu = await Gpu.create(await t.host.gpu());
    const x = GpuArray.zeros(gpu, [4]);
    await gpu.destroy();
    for (const use of [() => add(x, x), () => x.read(), () => x.write(new Float32Array(4)), () => gpu.idle()]) {
      assert.equal(((await errorOf(use)) as Error).message, 'this Gpu was destroyed before this call');
    }
    x.release();
    assert.equal(gpu.lost, null);
  });

  test('the end of a Gpu waits for what was submitted: a process that ends before is crashed by its driver', async (t) => {
    const gpu = await Gpu.create(await t.host.gpu());
    using _scope = gpu.scope();
    const x = GpuArray.zeros(gpu, [256, 256]);
    matmul(matmul(x, x), x);
    gpu.flush();
    let done = false;
    void gpu.device.queue.onSubmittedWorkDone().then(() => {
      done = true;
    });
    await gpu.destroy();
    assert.isTrue(done);
    assert.equal((await gpu.device.lost).reason, 'destroyed');
  });

  test('a buffer that is read and written in one dispatch is refused', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = GpuArray.zeros(gpu, [4]);
    const copy = tiny('copy', 'y[id.x] = x[id.x];');
    const run = () => gpu.run({ shader: copy, buffers: { x, y: x }, params: { n: 4 }, groups: [1] });
    assert.throws(run, /"y" is written and also bound as "x"/);
  });

  test('no entry point is no adapter', async () => {
    const error = await errorOf(() => Gpu.create(null));
    assert.equal((error as FusionclipError).code, 'no_adapter');
    assert.match((error as Error).message, /fusionclip doctor/);
  });
});

suite('errors of work beside other work', () => {
  test('what fails in one job is not told to another, to what is outside of both, or left in their values', async (t) => {
    const gpu = await Gpu.create(await t.host.gpu());
    const weights = GpuArray.from(gpu, Float32Array.of(1, 2, 3, 4), [4]);
    const good = async (steps: number) => {
      using job = gpu.job();
      let sum = job.do(() => scale(weights, 1));
      for (let i = 0; i < steps; i++) {
        await sum.read();
        sum = job.do(() => add(sum, weights));
      }
      return [...(await sum.read())];
    };
    const bad = async (steps: number) => {
      using job = gpu.job();
      let x = job.do(() => GpuArray.zeros(gpu, [4]));
      for (let i = 0; i < steps; i++) await x.read();
      x = job.do(() => breakDown(gpu, weights));
      return await x.read();
    };
    const outside = async () => {
      const values: number[] = [];
      for (let i = 0; i < 4; i++) values.push((await weights.read())[i]);
      return values;
    };
    const work = [good(4), bad(0), good(2), bad(2), good(3), outside()];
    const ended = (await Promise.allSettled(work)).map((one) =>
      one.status === 'fulfilled' ? one.value : (one.reason as FusionclipError).code,
    );
    const times = (n: number) => [1, 2, 3, 4].map((value) => value * n);
    assert.deepEqual(ended, [times(5), 'gpu_error', times(3), 'gpu_error', times(4), times(1)]);
    // Also where all of it was put into the stream before anything was submitted.
    using first = gpu.job();
    using second = gpu.job();
    const doubled = second.do(() => scale(weights, 2));
    const broken = first.do(() => breakDown(gpu, weights));
    const tripled = second.do(() => add(doubled, weights));
    assert.deepEqual([...(await tripled.read())], times(3));
    assert.match(await failure(() => broken.read()), /^gpu_error/);
    await gpu.idle();
    weights.release();
    await gpu.destroy();
  });

  test('commands that a device refuses, and memory that it has not, are the affair of the job that asked', async (t) => {
    await t.host.gpu(); // WebGPU's constants
    const gpu = await Gpu.create(fakeEntry());
    const [first, second] = [gpu.job(), gpu.job()];
    const make = (job: Scope, bytes: number) => job.do(() => GpuArray.zeros(gpu, [bytes / 4], 'u32'));
    const [x, y] = [make(first, 256), make(second, 256)];
    const large = make(first, 2 * MOST_BYTES);
    const others = [second.do(() => gpu.read(y)), gpu.idle()];
    assert.match(
      await failure(() => first.do(() => gpu.read(large))),
      /^gpu_error: .*no room for 1048576 bytes more; use a smaller batch/,
    );
    await Promise.all(others);
    // Once: the job may go on with less.
    await first.do(() => gpu.read(x));
    const run = (from: GpuArray, to: GpuArray) =>
      gpu.run({ shader: FAKE_KERNEL, buffers: { x: from, y: to }, params: { n: 1 }, groups: [1] });
    second.do(() => run(y, make(second, 512)));
    await gpu.idle();
    for (const job of [first, second]) job[Symbol.dispose]();
  });

  test("a buffer that there was no room for is nobody else's, neither before that is known nor after", async (t) => {
    await t.host.gpu();
    const gpu = await Gpu.create(fakeEntry());
    using first = gpu.job();
    using second = gpu.job();
    const ask = (job: Scope) => {
      const array = job.do(() => GpuArray.empty(gpu, [MOST_BYTES / 2], 'u32'));
      array.release();
      return array.buffer.raw;
    };
    const raw = ask(first);
    assert.equal(ask(first), raw);
    assert.notEqual(ask(second), raw);
    gpu.flush();
    await Promise.resolve();
    for (const job of [first, second])
      assert.match(await failure(() => job.do(() => gpu.clear(GpuArray.empty(gpu, [1])))), /no room/);
    assert.notEqual(ask(first), raw);
    gpu.trim();
    assert.equal(gpu.pool.reservedBytes, gpu.pool.liveBytes);
  });

  test('work that uses memory of a failed job is told, whether it began before the failure was known or after', async (t) => {
    await t.host.gpu();
    const gpu = await Gpu.create(fakeEntry());
    const make = (bytes: number) => GpuArray.zeros(gpu, [bytes / 4], 'u32');
    const run = (x: GpuArray) => {
      const y = make(256);
      gpu.run({ shader: FAKE_KERNEL, buffers: { x, y }, params: { n: 1 }, groups: [1] });
      return y;
    };
    using failing = gpu.job();
    using early = gpu.job();
    using late = gpu.job();
    using other = gpu.job();
    const shared = failing.do(() => make(256));
    const before = early.do(() => run(shared));
    failing.do(() => make(2 * MOST_BYTES));
    await other.do(() => gpu.read(run(make(256))));
    assert.match(await failure(() => early.do(() => gpu.read(before))), /no room/);
    assert.match(await failure(() => late.do(() => run(shared))), /no room/);
    assert.match(await failure(() => failing.do(() => run(shared))), /no room/);
    // Also where the job has ended before it is known.
    const ended = gpu.job();
    const kept = ended.do(() => make(256).keep());
    ended.do(() => make(2 * MOST_BYTES));
    ended[Symbol.dispose]();
    using user = gpu.job();
    const result = user.do(() => run(kept));
    assert.match(await failure(() => user.do(() => gpu.read(result))), /no room/);
  });

  test('an error that a job did not live to hear goes to the work around it, and no further', async (t) => {
    await t.host.gpu();
    const gpu = await Gpu.create(fakeEntry());
    using around = gpu.job();
    using beside = gpu.job();
    around.do(() => {
      using part = gpu.job();
      part.do(() => GpuArray.zeros(gpu, [MOST_BYTES / 2], 'u32'));
    });
    const read = (job: Scope) => job.do(() => gpu.read(GpuArray.zeros(gpu, [64], 'u32')));
    await read(beside);
    await gpu.idle();
    assert.match(await failure(() => read(around)), /no room/);
    await read(around);
    const large = () => GpuArray.zeros(gpu, [MOST_BYTES / 2], 'u32');
    const heard = around.do(() => gpu.job());
    heard.do(large);
    await read(beside);
    heard[Symbol.dispose]();
    assert.match(await failure(() => read(around)), /no room/);
    let result: GpuArray;
    {
      using part = gpu.job();
      part.do(large);
      result = part.do(() => GpuArray.zeros(gpu, [64], 'u32').keep());
    }
    await read(beside);
    assert.match(await failure(() => gpu.read(result)), /no room/);
  });

  test('an error that the device does not say whose it is is told to every read that waits', async (t) => {
    await t.host.gpu();
    const gpu = await Gpu.create(fakeEntry());
    const jobs = [gpu.job(), gpu.job()];
    const reads = jobs.map((job) => job.do(() => gpu.read(GpuArray.zeros(gpu, [64], 'u32'))));
    (gpu.device as unknown as { report(message: string): void }).report('of a driver');
    for (const read of reads) assert.match(await failure(() => read), /^gpu_error: .*of a driver/);
    assert.match(await failure(() => gpu.idle()), /of a driver/);
    for (const job of jobs) job[Symbol.dispose]();
  });
});
