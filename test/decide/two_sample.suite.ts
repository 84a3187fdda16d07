import { assert } from 'chai';
import { ruleStream } from '../../src/base/rule.ts';
import {
  divisions,
  kolmogorovSmirnov,
  meanDiscrepancy,
  permutationPValue,
  totalVariation,
} from '../../src/decide/two_sample.ts';
import { suite, test } from '../harness/registry.ts';
import { bellShaped, readReference } from './reference.ts';

const inOrder = (count: number) => Uint32Array.from({ length: count }, (_, i) => i);

suite('comparison of two samples', () => {
  test('Kolmogorov–Smirnov is that of scipy, and its p-value by permutation near the exact one', async (t) => {
    for (const { a, b, statistic, p } of (await readReference(t)).kolmogorovSmirnov) {
      const of = kolmogorovSmirnov([...a, ...b], a.length);
      assert.closeTo(of(inOrder(a.length)), statistic, 1e-12);
      const found = permutationPValue(divisions(a.length, b.length, 1, 2999), of);
      assert.closeTo(found, p, 4 * Math.sqrt((p * (1 - p)) / 3000) + 1e-3);
    }
  });

  test('the mean discrepancy is that of its formula', async (t) => {
    for (const { pooled, first, statistic } of (await readReference(t)).discrepancy) {
      assert.closeTo(meanDiscrepancy(pooled, first)(inOrder(first)), statistic, 1e-12);
    }
  });

  test('by hand: equal values are passed together', () => {
    const of = kolmogorovSmirnov([1, 1, 2, 1, 2, 2], 3);
    // Up to 1: 2/3 against 1/3.
    assert.closeTo(of(inOrder(3)), 1 / 3, 1e-12);
    assert.equal(kolmogorovSmirnov([5, 5, 5, 5], 2)(inOrder(2)), 0);
  });

  test('by hand: the distance of names, for the division that is asked for', () => {
    const of = totalVariation(['a', 'a', 'b', 'a', 'b', 'c'], 4);
    // Shares 3/4, 1/4, 0 against 0, 1/2, 1/2; then 1/4, 1/2, 1/4 against 1, 0, 0.
    assert.closeTo(of(inOrder(4)), 3 / 4, 1e-12);
    assert.closeTo(of(Uint32Array.of(0, 2, 4, 5)), 3 / 4, 1e-12);
    assert.closeTo(of(Uint32Array.of(0, 1, 2, 4)), 1 / 2, 1e-12);
  });

  test('what was seen counts among the divisions, so no p-value is 0', () => {
    const far = kolmogorovSmirnov([1, 2, 3, 4, 5, 6, 7, 8, 91, 92, 93, 94, 95, 96, 97, 98], 8);
    assert.equal(
      permutationPValue({ first: 8, second: 8, drawn: [Uint32Array.of(0, 9, 1, 10, 2, 11, 3, 12)] }, far),
      1 / 2,
    );
  });

  test('p-values by permutation are uniform without a difference: none is too small too often', () => {
    let small = 0;
    for (let round = 0; round < 300; round++) {
      const values = bellShaped(ruleStream('same', round), 45);
      if (permutationPValue(divisions(25, 20, round, 199), kolmogorovSmirnov(values, 25)) <= 0.05) small++;
    }
    assert.isBelow(small / 300, 0.085);
    assert.isAbove(small / 300, 0.015);
  });

  test('divisions are drawn evenly, a pure function of the seed, each of the right size without doubles', () => {
    const { drawn } = divisions(3, 7, 5, 2000);
    const counts = new Array(10).fill(0);
    for (const places of drawn) {
      assert.equal(new Set(places).size, 3);
      for (const place of places) counts[place]++;
    }
    for (const count of counts) assert.closeTo(count / 2000, 0.3, 0.04);
    assert.deepEqual(divisions(3, 7, 5, 20), divisions(3, 7, 5, 20));
    assert.notDeepEqual(divisions(3, 7, 5, 20), divisions(3, 7, 6, 20));
  });
});
