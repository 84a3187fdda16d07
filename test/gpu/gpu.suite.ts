import { assert } from 'chai';
import { GpuArray, tidy } from '../../src/gpu/array.ts';
import { FusionclipError } from '../../src/gpu/errors.ts';
import { Gpu } from '../../src/gpu/gpu.ts';
import { packParams, type Shader, specialize } from '../../src/gpu/shader.ts';
import { add } from '../../src/kernels/elementwise.ts';
import { noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

/** A shader of one statement for these tests. */
function tiny(name: string, statement: string): Shader<'x' | 'y', 'n', 'WORKGROUP'> {
  return {
    name,
    bindings: [
      { name: 'x', access: 'read' },
      { name: 'y', access: 'read_write' },
    ],
    params: [{ name: 'n', type: 'u32', offset: 0 }],
    paramBytes: 16,
    constants: { WORKGROUP: 64 },
    requires: [],
    source: `struct Params { n: u32, }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
const WORKGROUP: u32 = 64u;
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.n) { return; }
  ${statement}
}
`,
  };
}

/** Runs `act` and returns the error it throws. */
async function errorOf(act: () => unknown): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

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

  test('scopes must end in reverse order', async (t) => {
    const gpu = await t.gpu();
    const outer = gpu.scope();
    const inner = gpu.scope();
    assert.throws(() => outer[Symbol.dispose](), /reverse order/);
    inner[Symbol.dispose]();
    outer[Symbol.dispose]();
  });

  test('released memory is used again and trim gives it back', async (t) => {
    const gpu = await t.gpu();
    const first = GpuArray.empty(gpu, [5000]);
    first.release();
    const reserved = gpu.pool.reservedBytes;
    const second = GpuArray.empty(gpu, [5000]);
    assert.equal(gpu.pool.reservedBytes, reserved);
    assert.equal(second.buffer, first.buffer);
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
    assert.equal((error as FusionclipError).code, 'device_lost');
    assert.match((error as Error).message, /broken_on_purpose|not_a_function/);
    gpu.destroy();
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
      assert.match(report[0].label, /add/);
    } else assert.isNull(gpu.profiler);
    gpu.destroy();
  });
});
