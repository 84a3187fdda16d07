import { assert } from 'chai';
import { mean, median } from '../../src/base/average.ts';
import { suite, test } from '../harness/registry.ts';

suite('averages', () => {
  test('the mean', () => {
    assert.equal(mean([1, 2, 6]), 3);
    assert.isNaN(mean([]));
  });

  test('the median, of numbers in any order, which stay in it', () => {
    const numbers = [10, 9, 100, -1];
    assert.equal(median(numbers), 9.5);
    assert.equal(median(Float32Array.of(3, 1, 20)), 3);
    assert.deepEqual(numbers, [10, 9, 100, -1]);
    assert.isNaN(median([]));
  });
});
