import { assert } from 'chai';
import { imageCurves } from '../../src/report/index.ts';
import { lossSeries } from '../../src/report/loss_series.ts';
import { OUTLINE_WIDTH, outlinePath } from '../../src/report/outline.ts';
import type { Prediction } from '../../src/report/prediction.ts';
import type { RunRecord } from '../../src/report/read_run.ts';
import { noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

function predictions(normal: readonly number[], abnormal: readonly number[]): Prediction[] {
  const of = (label: 0 | 1) => (score: number) => ({ id: '', label, score, abnormal: null, range: [0, 1] as const });
  return [...normal.map(of(0)), ...abnormal.map(of(1))];
}

suite('curves of a report', () => {
  test('the band runs around the curve and ends in its corners', () => {
    const scores = Array.from(noise(7, 120));
    const curves = imageCurves(
      predictions(
        scores.slice(0, 60),
        scores.slice(60).map((score) => score + 0.6),
      ),
      3,
    )!;
    for (const { band, value, interval } of [curves.roc, curves.precisionRecall]) {
      assert.isTrue(interval.low < value && value < interval.high);
      for (const { y, low, high } of band) assert.isTrue(low <= y && y <= high);
    }
    assert.deepInclude(curves.roc.band[100], { x: 1, y: 1, low: 1, high: 1 });
  });

  test('scores that separate the classes have no band, and an exact interval of the AUROC', () => {
    const { roc, precisionRecall, exact } = imageCurves(predictions([1, 2, 3], [4, 5]), 1)!;
    for (const { band, value } of [roc, precisionRecall]) {
      assert.equal(value, 1);
      for (const { y, low, high } of band) assert.deepEqual([y, low, high], [1, 1, 1]);
    }
    assert.isTrue(exact);
    // Two pairs in order: the square root of 0.025.
    assert.closeTo(roc.interval.low, 0.158114, 1e-6);
    assert.equal(roc.interval.high, 1);
    assert.closeTo(imageCurves(predictions([4, 5], [1, 2, 3]), 1)!.roc.interval.high, 1 - 0.158114, 1e-6);
  });

  test('the area below the drawn curves is their value', () => {
    const { roc, precisionRecall } = imageCurves(predictions([1, 2, 4, 4], [3, 4, 5, 0, 6]), 1)!;
    const area = (height: (a: number, b: number) => number, points: readonly (readonly [number, number])[]) =>
      points.slice(1).reduce((sum, [x, y], i) => sum + (x - points[i][0]) * height(points[i][1], y), 0);
    assert.closeTo(
      area((a, b) => (a + b) / 2, roc.points),
      roc.value,
      1e-12,
    );
    assert.closeTo(
      area((_, b) => b, precisionRecall.points),
      precisionRecall.value,
      1e-12,
    );
    // From (0, 2/5) to (1/2, 3/5), as 4 stands in both classes: half way at 1/4.
    assert.closeTo(roc.band[25].y, 1 / 2, 1e-12);
    // The last score, 0, is of an abnormal image: the curve goes up at its end.
    assert.equal(roc.band[100].y, 1);
    // The precision when all but the score 0 is found: four of seven.
    assert.equal(precisionRecall.band[80].y, 4 / 6);
  });

  test('a class that is missing leaves none', () => {
    assert.isNull(imageCurves(predictions([1, 2], []), 1));
  });
});

suite('outlines of a report', () => {
  /** Twice the area of a path's rings, counted along their direction. */
  function area(path: string): number {
    let sum = 0;
    for (const ring of path.split('M').slice(1)) {
      let [x, y] = [0, 0];
      const points = ring
        .replace('z', '')
        .split('l')
        .map((step) => {
          const [dx, dy] = step.split(' ').map(Number);
          [x, y] = [x + dx, y + dy];
          return [x, y];
        });
      points.forEach(([x0, y0], i) => {
        const [x1, y1] = points[(i + 1) % points.length];
        sum += x0 * y1 - x1 * y0;
      });
    }
    return Math.abs(sum);
  }

  test('close around a region and leave out its hole', () => {
    const size = 60;
    const data = Float32Array.from({ length: size * size }, (_, i) => {
      const r = Math.hypot((i % size) - 29.5, Math.floor(i / size) - 29.5);
      return r < 20 && r > 10 ? 1 : 0;
    });
    const path = outlinePath({ width: size, height: size, data }, 0.5, OUTLINE_WIDTH);
    assert.lengthOf(path.match(/M/g)!, 2);
    assert.lengthOf(path.match(/z/g)!, 2);
    const ringArea = (Math.PI * (20 ** 2 - 10 ** 2) * OUTLINE_WIDTH ** 2) / size ** 2;
    assert.closeTo(area(path) / 2 / ringArea, 1, 0.02);
  });

  test('regions at the border and at a saddle are whole too', () => {
    const map = { width: 4, height: 3, data: Float32Array.of(1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 1) };
    const path = outlinePath(map, 0.5, 450);
    for (const ring of path.split('M').slice(1)) assert.match(ring, /^\d+ \d+(l-?\d+ -?\d+)+z$/);
    assert.isAbove(area(path), 0);
    assert.equal(outlinePath(map, 2, 450), '');
  });

  test('the course of a long training is drawn by means of its steps, at the last of each group', () => {
    const step = (n: number) => ({ step: n, loss: n, parts: { 'dice.gal.2': n, 'dice.loc.2': 1, 'focal.gal.2': 2 } });
    const steps = Array.from({ length: 481 }, (_, i) => step(i + 1));
    const record = { steps, selection: [], results: { selected: { rate: null } } } as unknown as RunRecord;
    const { each, parts, points } = lossSeries(record)!;
    assert.equal(each, 3);
    assert.deepEqual(parts, ['dice, gal', 'dice, loc', 'focal, gal']);
    assert.deepEqual(points[0], { step: 3, total: 2, parts: [2, 1, 2] });
    assert.deepEqual(points.at(-1), { step: 481, total: 481, parts: [481, 1, 2] });
  });
});
