import { assert } from 'chai';
import { allSteps } from '../../src/base/steps.ts';
import { intensityInSteps, thresholdText } from '../../src/detect/set_metrics.ts';
import {
  bestIntensity,
  type IntensityMetrics,
  inBetterDirection,
  intensityBaselines,
  intensityInside,
} from '../../src/metrics/intensity_baseline.ts';
import { imageMetrics } from '../../src/metrics/summary.ts';
import { suite, test } from '../harness/registry.ts';

/** Four images of 2 × 2 pixels with their grey values; the last two are abnormal. */
const GREY = [
  [0, 200, 200, 200],
  [0, 210, 210, 210],
  [0, 50, 220, 220],
  [0, 40, 40, 230],
];
const IMAGES = GREY.map((grey, i) => ({
  id: String(i),
  label: i < 2 ? (0 as const) : (1 as const),
  mask: i < 2 ? null : Uint8Array.from(grey, (v) => (v === 50 || v === 40 ? 1 : 0)),
  grey: Uint8Array.from(grey),
  trivial: { mean: [0.6, 0.62, 0.5, 0.3][i], std: [0.1, 0.2, 0.15, 0.3][i], p995: 0.9 },
  map: new Float32Array(4),
  score: 0,
  scoreMax: 0,
  scoreMean: 0,
}));

suite('what brightness alone reaches', () => {
  test('is evaluated in the direction that tells more, with all its metrics', () => {
    const trivial = allSteps(intensityInSteps({ size: 2, images: IMAGES }, 'pixel'))!;
    // The mean is lower in both abnormal images: reversed it is perfect.
    assert.deepInclude(trivial.mean, { auroc: 1, averagePrecision: 1, f1Max: 1, reversed: true });
    // 3 of the 4 pairs of deviations are in order.
    assert.deepInclude(trivial.std, { auroc: 0.75, reversed: false });
    assert.deepInclude(trivial.p995, { auroc: 0.5, reversed: false });
    // The lesions are the darkest pixels but for the four black ones: 4 of 13 are darker than all three.
    assert.approximately(trivial.map!.auroc, 9 / 13, 1e-12);
    assert.isTrue(trivial.map!.reversed);
    // Within the content they are the darkest of all.
    assert.deepInclude(trivial.mapForeground!, { auroc: 1, averagePrecision: 1, reversed: true });
    assert.equal(intensityInside(trivial)!.auroc, 1);
  });

  test('has one row a baseline, of which one tells most', () => {
    const trivial = allSteps(intensityInSteps({ size: 2, images: IMAGES }, 'pixel'))!;
    assert.deepEqual(
      intensityBaselines(trivial).map(({ title }) => title),
      [
        'mean grey value, low',
        'deviation of grey values',
        '99.5th percentile of grey values',
        'grey values as map, low',
      ],
    );
    assert.deepEqual([bestIntensity(trivial)!.key, bestIntensity(trivial)!.image.auroc], ['mean', 1]);
    assert.deepEqual(intensityBaselines(null), []);
    assert.isNull(bestIntensity(null));
    assert.lengthOf(intensityBaselines(allSteps(intensityInSteps({ size: 2, images: IMAGES }, 'image'))), 3);
  });

  test('is never below one half, and a direction that tells nothing stays', () => {
    const labels = [0, 1, 0, 1, 1];
    for (const scores of [
      [1, 2, 3, 4, 5],
      [5, 4, 3, 2, 1],
      [1, 1, 1, 1, 1],
      [2, 1, 3, 1, 2],
    ]) {
      const { auroc, reversed } = inBetterDirection((sign) =>
        imageMetrics(
          labels,
          scores.map((s) => sign * s),
        ),
      );
      const plain = imageMetrics(labels, scores).auroc;
      assert.approximately(auroc, Math.max(plain, 1 - plain), 1e-12);
      assert.equal(reversed, plain < 0.5);
    }
  });

  test('of old results, which know one direction, has the AUROC of the other and nothing else', () => {
    const metrics = { positives: 2, negatives: 2, averagePrecision: 0.4, f1Max: 0.6, f1Threshold: 1 };
    const old = {
      mean: { ...metrics, auroc: 0.2 },
      std: { ...metrics, auroc: 0.7 },
      p995: { ...metrics, auroc: null },
    };
    const rows = intensityBaselines({ ...old, map: null, mapForeground: null } as unknown as IntensityMetrics);
    assert.deepEqual(
      rows.map(({ title }) => title),
      ['mean grey value, low', 'deviation of grey values'],
    );
    assert.approximately(rows[0].image!.auroc, 0.8, 1e-12);
    assert.isNaN(rows[0].image!.averagePrecision);
    assert.equal(rows[1].image!.averagePrecision, 0.4);
  });
});

suite('a threshold as it is shown', () => {
  test('is the chosen number, as short as float32 allows', () => {
    assert.equal(thresholdText(Math.fround(0.1)), '0.1');
    assert.equal(thresholdText(5.8203125), '5.8203125');
    assert.equal(thresholdText(2), '2');
    for (let i = 0; i < 500; i++) {
      const value = Math.fround(Math.sin(i) * 10 ** ((i % 9) - 5));
      const text = thresholdText(value);
      assert.equal(Math.fround(Number(text)), value);
      assert.isAtMost(text.replace(/^-?0?\.?0*|e.*|\./g, '').length, 9, text);
    }
    assert.equal(Number(thresholdText(Math.PI)), Math.PI);
  });
});
