import { assert } from 'chai';
import { pretrainOptions, pretrainTexts } from '../../src/pretrain/options.ts';
import { rateFactor, stageAt } from '../../src/pretrain/schedule.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { suite, test } from '../harness/registry.ts';

suite('schedule of a pre-training', () => {
  test('the rate rises in a line, falls as half a cosine, and ends near zero', () => {
    const rates = Array.from({ length: 110 }, (_, step) => rateFactor(step, 10, 110));
    assert.deepEqual(rates.slice(0, 10), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
    assert.closeTo(rates[10], 1, 1e-12);
    assert.closeTo(rates[60], 0.5, 1e-12);
    assert.closeTo(rates[109], 0, 3e-4);
    assert.isTrue(rates.slice(10).every((rate, i, all) => i === 0 || rate < all[i - 1]));
    assert.equal(rateFactor(0, 0, 5), 1);
  });

  test('stages follow one another', () => {
    const { stages } = pretrainOptions({ stages: '64x3,96x2' });
    const sizes = [0, 1, 2, 3, 4].map((step) => stageAt(stages, step).stage.size);
    assert.deepEqual(sizes, [64, 64, 64, 96, 96]);
    assert.deepEqual([stageAt(stages, 2).end, stageAt(stages, 3).end], [3, 5]);
  });

  test('settings survive the way through texts', () => {
    const options = pretrainOptions({ stages: '64x3,96x2', 'without-kinds': 'cyst', lr: '0.002', act: 'gelu' });
    assert.deepEqual(pretrainOptions(pretrainTexts(options)), options);
  });

  test('shapes that no model can have are refused', async () => {
    await expectFailure('usage', [/--width 100 in 3 heads/], () => pretrainOptions({ width: '100' }));
    await expectFailure('usage', [/--text-width 128 in 64 heads is 2/], () => pretrainOptions({ 'text-heads': '64' }));
    await expectFailure('usage', [/--stages has 16x5/], () => pretrainOptions({ stages: '16x5' }));
    await expectFailure('usage', [/--stages takes/], () => pretrainOptions({ stages: '112' }));
  });
});
