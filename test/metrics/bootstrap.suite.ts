import { assert } from 'chai';
import { ruleStream } from '../../src/base/rule.ts';
import { auroc } from '../../src/metrics/auroc.ts';
import {
  bootstrap,
  bootstrapInSteps,
  bootstrapPatients,
  byPatient,
  type ClassScores,
} from '../../src/metrics/bootstrap.ts';
import { rankScores } from '../../src/metrics/ranking.ts';
import { suite, test } from '../harness/registry.ts';

/** Normally distributed numbers, by the sum of twelve even ones. */
function normals(name: string, count: number, mean: number): number[] {
  const stream = ruleStream(name, 1);
  const even = (i: number) => stream(i) / 2 ** 32;
  return Array.from({ length: count }, (_, i) => {
    let sum = mean - 6;
    for (let k = 0; k < 12; k++) sum += even(12 * i + k);
    return sum;
  });
}

const areaOf = ({ normal, abnormal }: ClassScores): number[] => [
  auroc(rankScores([...normal.map(() => 0), ...abnormal.map(() => 1)], [...normal, ...abnormal])),
];

suite('bootstrap', () => {
  test('intervals are those of the sampling distribution', () => {
    const normal = Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? 1 : 0));
    const share = ({ normal: drawn }: ClassScores) => [drawn.reduce((a, b) => a + b, 0) / drawn.length];
    const [{ low, high }] = bootstrap({ normal, abnormal: [1] }, share, { seed: 3, draws: 2000 });
    // A share of 0.25 of 400: standard deviation 0.0217.
    assert.closeTo(low, 0.25 - 1.96 * 0.02165, 0.006);
    assert.closeTo(high, 0.25 + 1.96 * 0.02165, 0.006);
  });

  test('19 of 20 intervals hold the true AUROC', () => {
    // The probability that a normal number around 1 exceeds one around 0: Φ(1/√2).
    const truth = 0.7602;
    const sets = 150;
    let held = 0;
    for (let set = 0; set < sets; set++) {
      const scores = { normal: normals(`n${set}`, 40, 0), abnormal: normals(`a${set}`, 40, 1) };
      const [{ low, high }] = bootstrap(scores, areaOf, { seed: set, draws: 200 });
      if (low <= truth && truth <= high) held++;
    }
    // 0.95 with a standard error of 0.018, and percentile intervals of small sets are a little short.
    assert.isAtLeast(held / sets, 0.89);
    assert.isAtMost(held / sets, 0.99);
  });

  test('of patients with equal images is as wide as if each had one image', () => {
    const scores = { normal: normals('n', 15, 0), abnormal: normals('a', 15, 1) };
    const options = { seed: 3, draws: 400 };
    const [one] = bootstrap(scores, areaOf, options);
    const five = (score: number) => Array.from({ length: 5 }, () => score);
    const patients = [
      ...scores.normal.map((score) => ({ normal: five(score), abnormal: [] })),
      ...scores.abnormal.map((score) => ({ normal: [], abnormal: five(score) })),
    ];
    const [grouped] = bootstrapPatients(patients, areaOf, options);
    assert.closeTo(grouped.high - grouped.low, one.high - one.low, 1e-9);
    const loose = { normal: scores.normal.flatMap(five), abnormal: scores.abnormal.flatMap(five) };
    const [narrow] = bootstrap(loose, areaOf, options);
    assert.isBelow(narrow.high - narrow.low, 0.6 * (grouped.high - grouped.low));
  });

  test('patients with both kinds of images are drawn whole, and no draw lacks a class', () => {
    const both = { normal: [0], abnormal: [1, 2] };
    const counts = ({ normal, abnormal }: ClassScores) => [normal.length, abnormal.length];
    const intervals = bootstrapPatients([both, both, { normal: [3], abnormal: [] }], counts, { seed: 1, draws: 20 });
    assert.deepEqual(intervals, [
      { low: 3, high: 3 },
      { low: 4, high: 4 },
    ]);
  });

  test('bounds lie between two draws where their share does, and every image is drawn', () => {
    let next = 0;
    // Four draws whose statistics are 3, 0, 2, 1: the bounds of level 0.7 lie at 0.15 · 3 and 0.85 · 3 of 0 … 3.
    const [interval] = bootstrap({ normal: [0], abnormal: [0] }, () => [[3, 0, 2, 1][next++]], {
      seed: 1,
      draws: 4,
      level: 0.7,
    });
    assert.closeTo(interval.low, 0.45, 1e-12);
    assert.closeTo(interval.high, 2.55, 1e-12);
    const drawn = new Set<number>();
    const note = ({ normal, abnormal }: ClassScores) => {
      for (const score of [...normal, ...abnormal]) drawn.add(score);
      return [0];
    };
    bootstrap({ normal: [1, 2, 3], abnormal: [4, 5] }, note, { seed: 1, draws: 50 });
    assert.deepEqual([...drawn].sort(), [1, 2, 3, 4, 5]);
  });

  test('equal seeds draw equal images, other seeds others', () => {
    const scores = { normal: normals('n', 20, 0), abnormal: normals('a', 20, 1) };
    const of = (seed: number) => bootstrap(scores, areaOf, { seed, draws: 50 });
    assert.deepEqual(of(3), of(3));
    assert.notDeepEqual(of(3), of(4));
  });

  test('others can be let in after each draw', () => {
    const units = byPatient(
      ([0, 1, 0, 1] as const).map((label, i) => ({ id: `${i}`, label, score: i })),
      null,
    );
    let [drawn, most, steps] = [0, 0, 0];
    const counted = (scores: ClassScores) => {
      drawn++;
      return areaOf(scores);
    };
    for (const _ of bootstrapInSteps(units, counted, { seed: 1, draws: 12 })) {
      [most, drawn, steps] = [Math.max(most, drawn), 0, steps + 1];
    }
    assert.deepEqual([most, steps], [1, 12]);
  });

  test('images of nobody known are patients of their own', () => {
    const images = ([0, 0, 1, 1, 1] as const).map((label, i) => ({ id: `${i}`, label, score: i }));
    const alone = (i: number) => (i < 2 ? { normal: [i], abnormal: [] } : { normal: [], abnormal: [i] });
    assert.deepEqual(byPatient(images, null), [0, 1, 2, 3, 4].map(alone));
    const known = byPatient(images, (id) => (id === '1' || id === '4' ? 'p' : null));
    assert.deepEqual(known, [alone(0), { normal: [1], abnormal: [4] }, alone(2), alone(3)]);
  });
});
