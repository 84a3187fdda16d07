import { assert } from 'chai';
import { meanInterval, pairedDifference, signTest } from '../../src/metrics/paired.ts';
import { suite, test } from '../harness/registry.ts';

suite('paired differences', () => {
  test('intervals are those of scipy.stats.t', () => {
    // scipy.stats.t.interval(0.95, n - 1, mean, sem)
    for (const [values, low, high] of SCIPY) {
      const { mean, count, ...interval } = meanInterval(values);
      assert.equal(count, values.length);
      assert.closeTo(mean, (low + high) / 2, 1e-9);
      assert.closeTo(interval.low, low, 1e-9);
      assert.closeTo(interval.high, high, 1e-9);
    }
    const one = meanInterval([0.7]);
    assert.deepEqual(
      [one.low, one.high],
      [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
      'one value says nothing',
    );
  });

  test('the sign test is that of scipy.stats.binomtest', () => {
    assert.closeTo(signTest(8, 0), 0.0078125, 1e-12);
    assert.closeTo(signTest(7, 1), 0.0703125, 1e-12);
    assert.closeTo(signTest(3, 9), 0.14599609375, 1e-12);
    assert.equal(signTest(4, 4), 1);
    assert.equal(signTest(0, 0), 1);
  });

  test('pairs are subtracted one by one, and equal ones have no sign', () => {
    const { mean, above, below, signP } = pairedDifference([0.9, 0.7, 0.5, 0.6], [0.8, 0.5, 0.5, 0.7]);
    assert.closeTo(mean, 0.05, 1e-12);
    assert.deepEqual([above, below, signP], [2, 1, 1]);
  });
});

const SCIPY: readonly (readonly [readonly number[], number, number])[] = [
  [[1, 2], -4.853102368087347, 7.853102368087347],
  [[0.1, 0.4, -0.2], -0.6452413135250992, 0.8452413135250991],
  [[1, 2, 4, 8], -1.1759430482302937, 8.675943048230295],
  [[0.3, 0.1, -0.2, 0.05, 0.12], -0.14943052769488968, 0.29743052769488965],
  [Array.from({ length: 31 }, (_, i) => ((i * i) % 7) / 10), 0.14279565872039973, 0.2507527283763745],
];
