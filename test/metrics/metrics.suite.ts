import { assert } from 'chai';
import fc from 'fast-check';
import { aupro, auproExact } from '../../src/metrics/aupro.ts';
import { auroc } from '../../src/metrics/auroc.ts';
import { averagePrecision } from '../../src/metrics/average_precision.ts';
import { components } from '../../src/metrics/components.ts';
import { dice } from '../../src/metrics/dice.ts';
import { f1Max } from '../../src/metrics/f1_max.ts';
import { precisionRecallCurve } from '../../src/metrics/precision_recall.ts';
import { rankPixels, rankScores, type ScoredMap } from '../../src/metrics/ranking.ts';
import { rocCurve } from '../../src/metrics/roc.ts';
import { imageMetrics, pixelMetrics, pixelMetricsInSteps } from '../../src/metrics/summary.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { metricsCases } from '../golden/cases/metrics.ts';
import { noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

/** AUROC by its definition, over all pairs. */
function aurocByPairs(labels: readonly number[], scores: readonly number[]): number {
  let [won, pairs] = [0, 0];
  for (const [i, a] of scores.entries()) {
    for (const [j, b] of scores.entries()) {
      if (labels[i] !== 1 || labels[j] !== 0) continue;
      pairs++;
      won += a > b ? 1 : a === b ? 0.5 : 0;
    }
  }
  return won / pairs;
}

const map = (scores: readonly number[], labels: readonly number[] | null): ScoredMap => ({
  width: scores.length,
  height: 1,
  map: Float32Array.from(scores),
  mask: labels && Uint8Array.from(labels),
});

const pairs = fc.array(fc.tuple(fc.integer({ min: -6, max: 6 }), fc.nat(1)), { minLength: 1, maxLength: 40 });

suite('metrics', () => {
  test('match the golden values', async (t) => {
    for await (const { name, ratio } of metricsCases((file) => t.fixture(`golden/seed1/${file}`))) {
      assert.isAtMost(ratio, 1, name);
    }
  });

  test('the ROC curve rises from nothing to everything, and its area is the AUROC', () => {
    fc.assert(
      fc.property(pairs, (rows) => {
        const ranking = rankScores(
          rows.map(([, label]) => label),
          rows.map(([score]) => score / 8),
        );
        const curve = rocCurve(ranking);
        if (Number.isNaN(auroc(ranking))) return void assert.isEmpty(curve);
        let area = 0;
        for (let i = 1; i < curve.length; i++) {
          const [a, b] = [curve[i - 1], curve[i]];
          assert.isBelow(b.threshold, a.threshold);
          area += ((b.falsePositiveRate - a.falsePositiveRate) * (a.truePositiveRate + b.truePositiveRate)) / 2;
        }
        assert.deepEqual(
          [curve[0], curve.at(-1)!].flatMap((point) => [point.falsePositiveRate, point.truePositiveRate]),
          [0, 0, 1, 1],
        );
        assert.closeTo(area, auroc(ranking), 1e-12);
      }),
      { numRuns: 80, seed: 6 },
    );
  });

  test('AUROC is the share of won pairs, ties half, for images and for pixels', () => {
    fc.assert(
      fc.property(pairs, (rows) => {
        const scores = rows.map(([score]) => score / 8);
        const labels = rows.map(([, label]) => label);
        const expected = aurocByPairs(labels, scores);
        const got = [auroc(rankScores(labels, scores)), auroc(rankPixels([map(scores, labels)]))];
        for (const value of got) {
          if (Number.isNaN(expected)) assert.isNaN(value);
          else assert.closeTo(value, expected, 1e-12);
        }
      }),
      { numRuns: 80, seed: 5 },
    );
  });

  test('images and pixels give the same metrics', () => {
    fc.assert(
      fc.property(pairs, (rows) => {
        const scores = rows.map(([score]) => Math.fround(score * 1.3e-3));
        const labels = rows.map(([, label]) => label);
        const { aupro: _, auproExact: __, ...pixels } = pixelMetrics([map(scores, labels)]);
        assert.deepEqual(pixels, imageMetrics(labels, scores));
      }),
      { numRuns: 40, seed: 6 },
    );
  });

  test('buckets that are counted give what buckets that are sorted give', () => {
    const scores = Array.from(noise(8, 30_000, 2 ** -12), (v) => Math.fround(1 + v)); // two high halves only
    const labels = scores.map((s, i) => (Number(s * 7919 + i) % 3 === 0 || s > 1.0002 ? 1 : 0));
    const { aupro: _, auproExact: __, ...pixels } = pixelMetrics([map(scores, labels)]);
    assert.deepEqual(pixels, imageMetrics(labels, scores));
  });

  test('metrics of pixels look at one map a step, and at one bucket of scores', () => {
    const scores = (i: number) => Array.from(noise(i, 60), (v) => v + 0.01 * i);
    const maps = Array.from({ length: 9 }, (_, i) =>
      map(
        scores(i),
        Array.from(noise(i, 60), (v) => (v > 0.4 ? 1 : 0)),
      ),
    );
    let looked = 0;
    const counted = {
      *[Symbol.iterator]() {
        for (const one of maps) {
          looked++;
          yield one;
        }
      },
    };
    const steps = pixelMetricsInSteps(counted);
    let [most, count] = [0, 0];
    for (let step = steps.next(); ; step = steps.next()) {
      [most, count, looked] = [Math.max(most, looked), count + 1, 0];
      if (!step.done) continue;
      assert.deepEqual(step.value, pixelMetrics(maps));
      break;
    }
    assert.equal(most, 1);
    // Six passes over the maps, and a step for each of the high halves that scores have.
    const halves = new Set(
      maps.flatMap((one) => [...one.map].map((v) => new Uint32Array(Float32Array.of(v).buffer)[0] >>> 16)),
    );
    assert.equal(count, 6 * maps.length + halves.size + 1);
  });

  test('scores are walked from +∞ to −∞ with both zeros as one', () => {
    const scores = [0, -0, Number.POSITIVE_INFINITY, -1e-40, 3e38, Number.NEGATIVE_INFINITY, -5];
    const seen = (ranking: ReturnType<typeof rankPixels>) => {
      const out: number[][] = [];
      ranking.walk((score, p, n) => out.push([score, p, n]));
      return out;
    };
    const labels = [1, 0, 0, 1, 1, 0, 1];
    const expected = [
      [Number.POSITIVE_INFINITY, 0, 1],
      [Math.fround(3e38), 1, 0],
      [0, 1, 1],
      [Math.fround(-1e-40), 1, 0],
      [-5, 1, 0],
      [Number.NEGATIVE_INFINITY, 0, 1],
    ];
    assert.deepEqual(seen(rankPixels([map(scores, labels)])), expected);
    assert.deepEqual(seen(rankScores(labels, scores.map(Math.fround))), expected);
  });

  test('the F1 threshold reaches the F1', () => {
    const scores = [0.9, 0.8, 0.7, 0.6, 0.5];
    const labels = [1, 0, 1, 0, 0];
    const { value, threshold } = f1Max(rankScores(labels, scores));
    assert.equal(threshold, 0.7);
    const called = scores.map((s) => Number(s >= threshold));
    assert.closeTo(value, dice(called, labels), 1e-15);
  });

  test('are NaN where undefined', () => {
    const none = rankScores([0, 0], [1, 2]);
    assert.isNaN(auroc(none));
    assert.isNaN(averagePrecision(none));
    assert.isNaN(f1Max(none).value);
    assert.isNaN(auroc(rankScores([1], [1])));
    assert.equal(averagePrecision(rankScores([1], [1])), 1);
    assert.isNaN(aupro([map([1, 2], null)]));
    assert.isNaN(auproExact([map([1, 2], [1, 1])]));
    assert.isNaN(auroc(rankPixels([])));
  });

  test('a NaN score is an error and not a rank', async () => {
    const bad = [map([1, Number.NaN], [1, 0])];
    await expectFailure('not_finite', [/score 1/], () => rankScores([0, 1], [0, Number.NaN]));
    await expectFailure('not_finite', [/pixel 1 of map 0/], () => rankPixels(bad));
    await expectFailure('not_finite', [/pixel 1/], () => aupro(bad));
    await expectFailure('not_finite', [/NaN/], () => auproExact(bad));
  });

  test('maps of different sizes and without masks go together', () => {
    const maps: ScoredMap[] = [
      { width: 3, height: 2, map: Float32Array.of(5, 1, 1, 1, 1, 1), mask: Uint8Array.of(255, 0, 0, 0, 0, 0) },
      { width: 2, height: 1, map: Float32Array.of(1, 2), mask: null },
    ];
    const { positives, negatives, auroc: area, aupro: overlap, auproExact: exact } = pixelMetrics(maps);
    assert.deepEqual([positives, negatives, area, overlap, exact], [1, 7, 1, 1, 1]);
  });
});

suite('precision–recall curve', () => {
  test('has a point for every score, and the area of its steps is the average precision', () => {
    const ranking = rankScores([1, 0, 1, 0], [4, 3, 2, 2]);
    const points = precisionRecallCurve(ranking);
    assert.deepEqual(
      points.map(({ recall, precision }) => [recall, precision]),
      [
        [0.5, 1],
        [0.5, 0.5],
        [1, 0.5],
      ],
    );
    const area = points.reduce(
      (sum, { recall, precision }, i) => sum + (recall - (points[i - 1]?.recall ?? 0)) * precision,
      0,
    );
    assert.equal(area, averagePrecision(ranking));
    assert.isEmpty(precisionRecallCurve(rankScores([1, 1], [4, 3])));
  });
});

suite('regions', () => {
  test('touch at corners and are numbered as a raster scan meets them', () => {
    const mask = Uint8Array.of(1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1);
    const { labels, areas } = components(mask, 4, 3);
    assert.deepEqual(Array.from(labels), [1, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 3]);
    assert.deepEqual(areas, [8, 2, 1, 1]);
  });

  test('a full and an empty mask', () => {
    assert.deepEqual(components(new Uint8Array(6).fill(1), 3, 2).areas, [0, 6]);
    assert.deepEqual(components(new Uint8Array(6), 3, 2).areas, [6]);
  });

  test('a small lesion counts as much as a large one', () => {
    const mask = Uint8Array.of(1, 1, 1, 1, 0, 1, 0, 0, 0, 0);
    const small = map([0, 0, 0, 0, 0, 9, 1, 2, 3, 4], Array.from(mask));
    assert.closeTo(auproExact([small], 1), 0.5, 0.11);
    const large = map([9, 9, 9, 9, 0, 0, 1, 2, 3, 4], Array.from(mask));
    assert.closeTo(auproExact([large], 1), 0.5, 0.11);
  });

  test('points with a false-positive rate of exactly the bound are left out', () => {
    // Ten normal pixels, one lesion of two; four thresholds 0, 1, 2, 3, predicted abnormal strictly above:
    // false positives 3, 3, 1, 0 of 10, the lesion 2, 2, 2, 1 of 2. Below 0.3 lie (0.1, 1) and (0, 0.5), and the axis
    // rescaled from 0 … 0.1 to 0 … 1 gives one trapezoid of height (1 + 0.5) / 2. With the bound it would be 11 / 12.
    const scores = [3, 2, 2, 0, 0, 0, 0, 0, 0, 0, 4, 2.5];
    const maps = [map(scores, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])];
    assert.closeTo(aupro(maps, 0.3, 4), 0.75, 1e-12);
    // The exact curve: (0, ½) at 4; (0.1, ½) at 3; (0.1, 1) at 2.5; (0.3, 1) at 2, where the bound is reached.
    assert.closeTo(auproExact(maps, 0.3), (0.1 * 0.5 + 0.2 * 1) / 0.3, 1e-12);
    // At a bound of 0.2 the last piece is cut in the middle.
    assert.closeTo(auproExact(maps, 0.2), (0.1 * 0.5 + 0.1 * 1) / 0.2, 1e-12);
  });

  test('a score that is a threshold is not above it', () => {
    // Thresholds 0, 1, 2, 3 of scores up to 4. At 3 neither the normal pixel nor the lesion pixel with 3 is called:
    // false positives 1, 1, 1, 0 of 8, the lesion 2, 2, 2, 1 of 2. One trapezoid of height (1 + 0.5) / 2.
    const maps = [map([3, 0, 0, 0, 0, 0, 0, 0, 4, 3], [0, 0, 0, 0, 0, 0, 0, 0, 1, 1])];
    assert.closeTo(aupro(maps, 0.3, 4), 0.75, 1e-12);
  });

  test('of equal values of F1 the highest threshold is given', () => {
    // Two positives. At 0.9: 2 · 1 / (1 + 2); at 0.6: 2 · 2 / (4 + 2). Both are 2/3.
    const { value, threshold } = f1Max(rankScores([1, 0, 0, 1], [0.9, 0.8, 0.7, 0.6]));
    assert.deepEqual([value, threshold], [2 / 3, 0.9]);
  });

  test('a threshold is not taken for one below by rounding', () => {
    // 25 thresholds 0, 1, …, 24 of scores up to 25: 7 / 25 · 25 is a little more than 7 in float64.
    // At 6 one of ten normal pixels and both of the lesion are called, at 7 no normal pixel: a trapezoid of 1.
    const scores = [7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 7.5];
    assert.isAbove((7 / 25) * 25, 7);
    assert.closeTo(aupro([map(scores, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])], 0.3, 25), 1, 1e-12);
  });

  test('regions do not go on from the end of a row at the begin of the next', () => {
    assert.deepEqual(components(Uint8Array.of(0, 0, 1, 1, 0, 0), 3, 2).areas, [4, 1, 1]);
    assert.deepEqual(components(Uint8Array.of(0, 0, 1, 0, 0, 0, 1, 0, 0), 3, 3).areas, [7, 1, 1]);
  });

  test('Dice of empty masks is 1', () => {
    assert.equal(dice([0, 0], [0, 0]), 1);
    assert.equal(dice([1, 0, 1], [1, 1, 0]), 0.5);
  });
});
