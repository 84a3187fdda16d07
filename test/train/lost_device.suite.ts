import { assert } from 'chai';
import { ruleStream } from '../../src/data/rule.ts';
import { FusionclipError } from '../../src/gpu/errors.ts';
import { suite, test } from '../harness/registry.ts';
import { FragileGpu, type Loss } from '../torture/fragile_gpu.ts';
import { difference, WORKS, workOn } from '../torture/works.ts';

/** Moments of each work; `npm run torture` has more. */
const MOMENTS = 3;

suite('a lost device', () => {
  for (const work of WORKS) {
    test(`${work.name}: goes on on a new one at any moment, to the same bits`, async (t) => {
      const fragile = new FragileGpu((await t.host.gpu())!);
      const whole = await workOn(fragile, work, []);
      assert.isNull(whole.error);
      const random = ruleStream(`lost.${work.name}`, 1);
      for (let i = 0; i < MOMENTS; i++) {
        const call = Math.floor(random(i) * whole.calls);
        const loss: Loss = { call, kind: i % 2 === 0 ? 'before' : 'after' };
        const where = `${loss.kind} call ${call} of ${whole.calls}`;
        const broken = await workOn(fragile, work, [loss]);
        if (broken.error) throw broken.error;
        assert.equal(broken.devices, 2, where);
        assert.match(broken.notes.join('\n'), /The GPU device was lost .*; going on on a new one \(1 of 3\)\./, where);
        assert.isNull(difference(work, broken.fs, whole.fs), where);
      }
    });
  }

  test('a device that is lost four times ends the run, and one that cannot be had again too; both can be resumed', async (t) => {
    const fragile = new FragileGpu((await t.host.gpu())!);
    const [train] = WORKS;
    const whole = await workOn(fragile, train, []);
    const late = Math.floor(whole.calls * 0.6);
    const often = [0, 1, 2, 3].map((i): Loss => ({ call: late + 20 * i, kind: 'before' }));
    const cases = [
      [await workOn(fragile, train, often), /was lost \(.*\), after 3 others; go on with fusionclip train --resume/, 4],
      [
        await workOn(fragile, train, often.slice(0, 1), { forever: true }),
        /and no other is to be had \(.*\); go on with fusionclip train --resume --out \/run\.$/,
        1,
      ],
      [
        await workOn(fragile, train, often.slice(0, 1), { renew: false }),
        /was lost \(.*\); go on with fusionclip train --resume --out \/run\.$/,
        1,
      ],
    ] as const;
    for (const [ended, message, devices] of cases) {
      assert.instanceOf(ended.error, FusionclipError);
      assert.equal((ended.error as FusionclipError).code, 'device_lost');
      assert.match((ended.error as Error).message, message);
      assert.equal(ended.devices, devices);
      assert.isTrue(ended.fs.files.has('/run/checkpoint/latest.safetensors'), 'a checkpoint lies there');
      fragile.arm([]);
      const gpu = await fragile.open();
      const environment = { runtime: 'test', version: '0' };
      await train.resume!({ fs: ended.fs, gpu, environment });
      gpu.destroy();
      assert.isNull(difference(train, ended.fs, whole.fs));
    }
  });
});
