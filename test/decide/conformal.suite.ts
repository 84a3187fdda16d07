import { assert } from 'chai';
import { ruleStream } from '../../src/base/rule.ts';
import {
  alphaThreshold,
  casesNeeded,
  conformalPValues,
  countOfPatient,
  nextFloat32,
  patientScores,
  sensitivityThreshold,
  sharesOf,
} from '../../src/decide/conformal.ts';
import { benjaminiHochberg } from '../../src/decide/false_discovery.ts';
import { rate } from '../../src/decide/rate.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { assertClose } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';
import { bellShaped, readReference } from './reference.ts';

suite('conformal p-values', () => {
  test('are those of nonconform, and adjusted ones those of scipy', async (t) => {
    for (const { normals, scores, p, adjusted } of (await readReference(t)).conformal) {
      assertClose(conformalPValues(scores, normals), p, { absolute: 1e-15 });
      assertClose(benjaminiHochberg(p), adjusted, { absolute: 1e-15 });
    }
  });

  test('by hand: ties count against the image', () => {
    assert.deepEqual([...conformalPValues([0, 1, 2, 2.5, 3, 4], [1, 2, 2, 3])], [1, 1, 0.8, 0.4, 0.4, 0.2]);
    assert.deepEqual([...benjaminiHochberg([0.04, 0.01, 0.03, 0.5])], [0.16 / 3, 0.04, 0.16 / 3, 0.5]);
    assert.deepEqual([...benjaminiHochberg([])], []);
  });

  test('the threshold of alpha calls what has p ≤ alpha, whatever the scores', () => {
    const stream = ruleStream('alpha', 3);
    for (let round = 0; round < 200; round++) {
      const alpha = [0.02, 0.05, 0.1, 0.2, 1 / 3, 0.9][round % 6];
      const count = casesNeeded(alpha) + (stream(2 * round) % 40);
      // Few different values, so that there are ties, at which a rounding would show.
      const draw = (n: number, seed: number) =>
        Array.from({ length: n }, (_, i) => Math.fround(0.1 * ((ruleStream(`v${round}`, seed)(i) % 30) - 15)));
      const normals = draw(count, 1);
      const threshold = alphaThreshold(normals, alpha);
      const scores = draw(60, 2);
      conformalPValues(scores, normals).forEach((p, i) => {
        assert.equal(scores[i] >= threshold, p <= alpha, `round ${round}: score ${scores[i]}, p ${p}, alpha ${alpha}`);
      });
    }
  });

  test('fewer normals than 1/alpha − 1 are refused, with the number needed', async () => {
    assert.deepEqual([0.05, 0.1, 0.07, 0.5, 0.01, 1 / 3].map(casesNeeded), [19, 9, 14, 1, 99, 2]);
    const scores = Array.from({ length: 19 }, (_, i) => i);
    assert.equal(alphaThreshold(scores, 0.05), nextFloat32(18));
    await expectFailure(
      'bad_data',
      [/^18 normal images cannot/, /at least 19 /, /support images cannot stand in/],
      () => alphaThreshold(scores.slice(1), 0.05),
    );
    await expectFailure('bad_data', [/^4 abnormal images .* 0\.05 .* at least 19/], () =>
      sensitivityThreshold([1, 2, 3, 4], 0.95),
    );
    await expectFailure('bad_data', [/^0 normal images/], () => conformalPValues([1], []));
  });

  test('by hand: a patient counts as one case, however many images there are', async () => {
    // 81 images of one patient, and one each of 19 others: by images the fifth largest of 100 would be the threshold, at which a
    // quarter of new patients is.
    const patients = [...new Array<string>(81).fill('many'), ...Array.from({ length: 19 }, (_, i) => `p${i}`)];
    const scores = [...new Array<number>(81).fill(0), ...Array.from({ length: 19 }, (_, i) => i + 1)];
    assert.deepEqual(countOfPatient(['a', null, 'b', 'a', null]), [2, 1, 1, 2, 1]);
    assert.isNull(countOfPatient([null, null]));
    assert.deepEqual(sharesOf([2, 1, 4]), [0.5, 1, 0.25]);
    const shares = sharesOf(countOfPatient(patients));
    assertClose(conformalPValues([15.5, 19, 19.5, -1, 0], scores, shares), [5 / 21, 2 / 21, 1 / 21, 1, 1], {
      absolute: 1e-12,
    });
    assert.equal(conformalPValues([15.5], scores)[0], 5 / 101);
    assert.equal(alphaThreshold(scores, 0.05, undefined, shares), nextFloat32(19));
    assert.equal(alphaThreshold(scores, 0.1, undefined, shares), nextFloat32(18));
    assert.equal(alphaThreshold(scores, 0.05), nextFloat32(15));
    // Half of a patient: of two images each counts a half. 1 + 0.5 of 3 is 0.5.
    assertClose(conformalPValues([2], [1, 2, 0], [0.5, 0.5, 1]), [0.5], { absolute: 1e-12 });
    // The lower end: of 20 cases ⌊0.1 · 21⌋ = 2 are given up, the many among them as one.
    assert.equal(sensitivityThreshold(scores, 0.9, undefined, shares), 1);
    assert.equal(sensitivityThreshold(scores, 0.9), 0);
    await expectFailure('bad_data', [/^20 normal images cannot/], () =>
      alphaThreshold(scores, 0.04, undefined, shares),
    );
  });

  test('thresholds of patients call what has p ≤ alpha, whatever their images', () => {
    for (let round = 0; round < 60; round++) {
      const stream = ruleStream(`patients ${round}`, 7);
      const patients = Array.from({ length: 60 }, (_, i) => `p${stream(i) % (21 + (stream(99) % 20))}`);
      const shares = sharesOf(countOfPatient(patients));
      const normals = patients.map((_, i) => Math.fround(0.1 * ((stream(1000 + i) % 25) - 12)));
      const alpha = [0.1, 0.2, 1 / 3][round % 3];
      const threshold = alphaThreshold(normals, alpha, undefined, shares);
      const scores = Array.from({ length: 40 }, (_, i) => Math.fround(0.1 * ((i % 26) - 13)));
      conformalPValues(scores, normals, shares).forEach((p, i) => {
        assert.equal(scores[i] >= threshold, p <= alpha + 1e-9, `round ${round}: score ${scores[i]}, p ${p}`);
      });
    }
  });

  test('the realised rate of new patients is kept where some have many images', () => {
    let [called, pooled] = [0, 0];
    const sizes = Array.from({ length: 40 }, (_, i) => (i % 8 === 0 ? 30 : 1));
    const patients = sizes.flatMap((size, i) => new Array<string>(size).fill(`p${i}`));
    for (let round = 0; round < 100; round++) {
      const own = bellShaped(ruleStream('own', round), 80);
      const noise = bellShaped(ruleStream('noise', round), patients.length + 40);
      const normals = patients.map((name, i) => own[Number(name.slice(1))] + 0.2 * noise[i]);
      const fresh = sizes.map((_, i) => own[40 + i] + 0.2 * noise[patients.length + i]);
      const threshold = alphaThreshold(normals, 0.1, undefined, sharesOf(countOfPatient(patients)));
      const byImages = alphaThreshold(normals, 0.1);
      called += fresh.filter((score) => score >= threshold).length;
      pooled += fresh.filter((score) => score >= byImages).length;
    }
    assert.isAtMost(called / 4000, 0.11);
    assert.isAbove(pooled / 4000, 0.12, 'by images it is not');
  });

  test('levels that are no shares are refused', async () => {
    for (const level of [0, -1, Number.NaN, 'x' as unknown as number]) {
      await expectFailure('usage', [/above 0, not/], () => alphaThreshold([1, 2, 3], level));
    }
  });

  test('a NaN is refused', async () => {
    await expectFailure('not_finite', [/calibration score/], () => conformalPValues([1], [1, Number.NaN]));
    await expectFailure('not_finite', [/a score/], () => conformalPValues([Number.NaN], [1]));
  });

  test('the realised false-positive rate is alpha within one point: 200 resamplings with 100 normals', () => {
    for (const alpha of [0.05, 0.1]) {
      let called = 0;
      for (let round = 0; round < 200; round++) {
        const normals = bellShaped(ruleStream('normals', round), 100);
        const threshold = alphaThreshold(normals, alpha);
        const fresh = bellShaped(ruleStream('fresh', round), 100);
        called += fresh.filter((score) => score >= threshold).length;
      }
      assert.closeTo(called / 20000, alpha, 0.01);
    }
  });

  test('the threshold of a sensitivity finds that share of new abnormal images', () => {
    // The k-th smallest, k = ⌊0.1 · 20⌋ = 2.
    assert.equal(sensitivityThreshold([...Array(19).keys()], 0.9), 1);
    let found = 0;
    for (let round = 0; round < 200; round++) {
      const threshold = sensitivityThreshold(bellShaped(ruleStream('abnormal', round), 60), 0.9);
      found += bellShaped(ruleStream('new', round), 100).filter((score) => score >= threshold).length;
    }
    // ⌊0.1 · 61⌋ = 6 of 61 are given up.
    assert.closeTo(found / 20000, 1 - 6 / 61, 0.01);
  });

  test('of patients the largest score counts, and images of nobody stand for themselves', () => {
    const { patients, scores } = patientScores([1, 5, 3, 4, 2], ['a', 'b', 'a', null, null]);
    assert.deepEqual(scores, [3, 5, 4, 2]);
    assert.deepEqual(patients, ['patient a', 'patient b', 'image 3', 'image 4']);
  });

  test('the next float32 is the next one', () => {
    assert.equal(nextFloat32(1), 1 + 2 ** -23);
    assert.equal(nextFloat32(-1), -1 + 2 ** -24);
    assert.equal(nextFloat32(0), 2 ** -149);
    assert.equal(nextFloat32(0.1), Math.fround(0.1), 'the float32 of 0.1 is larger than 0.1');
    assert.equal(nextFloat32(Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY);
  });

  test('intervals of shares are those of scipy', async (t) => {
    for (const [count, of, low, high] of (await readReference(t)).shares) {
      const found = rate(count, of);
      assertClose([found.low, found.high, found.share], [low, high, count / of], { absolute: 1e-9 });
    }
    assert.deepEqual(rate(0, 0), { count: 0, of: 0, share: Number.NaN, low: 0, high: 1 });
  });
});
