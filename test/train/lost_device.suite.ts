import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { FragileGpu, type Loss } from '../torture/fragile_gpu.ts';
import { difference, WORKS, type Work, type Worked, workOn } from '../torture/works.ts';

/** Unbroken works, by their names. */
const unbroken = new Map<string, Worked>();

async function wholeOf(fragile: FragileGpu, work: Work): Promise<Worked> {
  const whole = unbroken.get(work.name) ?? (await workOn(fragile, work, []));
  assert.isNull(whole.error);
  unbroken.set(work.name, whole);
  return whole;
}

suiteInTurn('a lost device', () => {
  for (const work of WORKS) {
    // At more moments: npm run torture.
    test(`${work.name}: goes on on a new one, to the same bits`, async (t) => {
      const fragile = new FragileGpu((await t.host.gpu())!);
      const whole = await wholeOf(fragile, work);
      const call = Math.floor(0.7 * whole.calls);
      const broken = await workOn(fragile, work, [{ call, kind: 'before' }]);
      if (broken.error) throw broken.error;
      assert.equal(broken.devices, 2);
      assert.match(broken.notes.join('\n'), /The GPU device was lost .*; going on on a new one \(1 of 3\)\./);
      assert.isNull(difference(work, broken.fs, whole.fs));
    });
  }

  test('a device that is lost four times ends the run, and one that cannot be had again too; a checkpoint goes on', async (t) => {
    const fragile = new FragileGpu((await t.host.gpu())!);
    const [train] = WORKS;
    const whole = await wholeOf(fragile, train);
    const often = [0.85, 0.02, 0.03, 0.1].map((at): Loss => ({ call: Math.floor(at * whole.calls), kind: 'before' }));
    const once = often.slice(0, 1);
    const last = await workOn(fragile, train, once, { last: true });
    const cases = [
      [await workOn(fragile, train, often), /was lost \(.*\), after 3 others; go on with fusionclip train --resume/, 4],
      [last, /and no other is to be had \(.*\); go on with fusionclip train --resume --out \/run\.$/, 1],
      [
        await workOn(fragile, train, once, { renew: false }),
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
    }
    fragile.arm([]);
    const gpu = await fragile.open();
    await train.resume!({ fs: last.fs, gpu, environment: { runtime: 'test', version: '0' } });
    gpu.destroy();
    assert.isNull(difference(train, last.fs, whole.fs));
  });
});
