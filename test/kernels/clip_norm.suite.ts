import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { packSchedule } from '../../src/kernels/adam.ts';
import { clipNorm } from '../../src/kernels/clip_norm.ts';
import { ROW_VARIANTS } from '../../src/kernels/rows.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

const SETTINGS = { lr: 0.1, betas: [0.9, 0.999] as const, eps: 1e-8, weightDecay: 0.1, step: 3, clip: 1 };
/** Around the 1024 elements of one partial sum, and around vec4s. */
const SIZES = [1, 3, 1023, 1024, 1025, 5000];

suite('clip_norm', () => {
  for (const [most, clipped, rows] of [
    [0.5, true, 'invocation'],
    [1e4, false, 'invocation'],
    [0.5, true, 'workgroup'],
  ] as const) {
    test(`${rows}: a norm ${clipped ? 'above' : 'below'} the bound ${clipped ? 'gives the factor' : 'changes nothing'}`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const values = SIZES.map((size, i) => noise(i, size, 10 ** (i - 3)));
      const schedules = [1, 2].map((lr) => GpuArray.from(gpu, packSchedule({ ...SETTINGS, lr }), [8]));
      const before = await Promise.all(schedules.map((s) => s.read()));
      const grads = values.map((v) => GpuArray.from(gpu, v, [v.length]));
      const norm = await gpu.tuned({ rows }, () => clipNorm(grads, most, schedules)).read();
      const expected = Math.sqrt(values.reduce((sum, each) => sum + each.reduce((s, v) => s + v * v, 0), 0));
      assertClose(norm, [expected], { relative: 1e-6 }, 'norm');
      for (const [i, schedule] of schedules.entries()) {
        const now = await schedule.read();
        assert.deepEqual([...now.subarray(0, 7)], [...before[i].subarray(0, 7)]);
        assertClose([now[7]], [clipped ? most / (expected + 1e-6) : 1], { relative: 1e-6 }, 'factor');
      }
    });
  }

  test('what lies behind a gradient in its last four numbers does not count', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const whole = GpuArray.from(gpu, Float32Array.of(3, 4, 1e9, 1e9), [4]);
    const grad = new GpuArray(gpu, whole.buffer, [2], 'f32');
    const schedule = GpuArray.from(gpu, packSchedule(SETTINGS), [8]);
    for (const rows of Object.keys(ROW_VARIANTS)) {
      const norm = gpu.tuned({ rows }, () => clipNorm([grad], 1, [schedule]));
      assertClose(await norm.read(), [5], { relative: 1e-6 }, rows);
    }
  });

  test('gradients of zero keep a factor of one', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const schedule = GpuArray.from(gpu, packSchedule({ ...SETTINGS, clip: 0.25 }), [8]);
    assertClose(await clipNorm([GpuArray.zeros(gpu, [7])], 1, [schedule]).read(), [0], {});
    assert.equal((await schedule.read())[7], 1);
  });
});
