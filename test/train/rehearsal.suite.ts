import { assert } from 'chai';
import { openDataset } from '../../src/data/layout/open.ts';
import { Detector } from '../../src/detect/detector.ts';
import { readPicture } from '../../src/detect/pictures.ts';
import { SupportSet } from '../../src/detect/support_set.ts';
import { runSettings } from '../../src/run/run_config.ts';
import { rehearse } from '../../src/train/rehearsal.ts';
import { suite, test } from '../harness/registry.ts';
import { ruleSet } from './rule_set.ts';
import { smallSettings, tinyBackbone } from './small_run.ts';

suite('a rehearsal', () => {
  test('times every part and leaves memory as it was; one that is stopped is left to the training', async (t) => {
    const fs = ruleSet();
    const { fusion } = runSettings(smallSettings({ method: 'clip-memory' }));
    const gpu = await t.gpu();
    const parts = { gpu, backbone: await tinyBackbone(), options: fusion };
    const detector = await Detector.open({ ...parts, kind: 'pixel', object: 'Brain', seed: 1 });
    const { valid } = (await openDataset(fs, '/Brain_AD')).splits;
    const memory = new SupportSet(detector, [await readPicture(fs, valid[0], fusion)], []);
    const told = (signal?: AbortSignal) => rehearse(detector, memory, valid.slice(0, 1), { fs, batch: 2, signal });
    await told();
    const { liveBytes, liveBuffers } = gpu.pool;
    const costs = await told();
    assert.isAbove(costs!.encode, 0);
    assert.isAbove(costs!.score, 0);
    assert.isNull(await told(AbortSignal.abort(new Error('stop'))));
    assert.deepEqual([gpu.pool.liveBytes, gpu.pool.liveBuffers], [liveBytes, liveBuffers]);
    memory.release();
    // A wait for the weights as they were at first ends too.
    const stop = new Error('stop');
    assert.equal(await detector.restart(AbortSignal.abort(stop)).catch((error) => error), stop);
    await gpu.idle();
    detector.release();
  });
});
