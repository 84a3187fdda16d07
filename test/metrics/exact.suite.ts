import { assert } from 'chai';
import { aurocInterval, shareInterval } from '../../src/metrics/exact.ts';
import { suite, test } from '../harness/registry.ts';

suite('exact intervals', () => {
  test('of shares are those of binomial sums in 60 decimal digits', () => {
    const known: [number, number, number, number][] = [
      [5, 10, 0.18708603, 0.81291397],
      [0, 10, 0, 0.3084971],
      [10, 10, 0.6915029, 1],
      [1, 30, 0.00084357, 0.17216945],
      [95, 100, 0.88716509, 0.98356812],
    ];
    for (const [count, total, low, high] of known) {
      const interval = shareInterval(count, total);
      assert.closeTo(interval.low, low, 1e-6, `${count} of ${total}`);
      assert.closeTo(interval.high, high, 1e-6, `${count} of ${total}`);
    }
    assert.deepEqual(shareInterval(0, 0), { low: 0, high: 1 });
  });

  test('of an AUROC of 1 go by the smaller class, where every draw of a bootstrap gives 1', () => {
    const ten = Array.from({ length: 10 }, (_, i) => i);
    const above = ten.map((value) => value + 20);
    // 0.025^(1/10)
    assert.closeTo(aurocInterval({ normal: ten, abnormal: above }).low, 0.6915029, 1e-6);
    assert.closeTo(aurocInterval({ normal: [...ten, 1, 2, 3], abnormal: above }).low, 0.6915029, 1e-6);
    assert.equal(aurocInterval({ normal: ten, abnormal: above }).high, 1);
    assert.closeTo(aurocInterval({ normal: above, abnormal: ten }).high, 0.3084971, 1e-6);
    const { low, high } = aurocInterval({ normal: ten, abnormal: ten.map((value) => value + 3) });
    assert.isBelow(low, 0.755);
    assert.isAbove(high, 0.755);
    assert.isBelow(high, 1);
  });
});
