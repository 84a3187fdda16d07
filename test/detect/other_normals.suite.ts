import { assert } from 'chai';
import { otherNormalsText } from '../../src/detect/other_normals.ts';
import { suiteInTurn, test } from '../harness/registry.ts';

const thresholds = { image: null, pixel: null };
const upTo = (count: number, first = 0) => Array.from({ length: count }, (_, i) => first + i);
const scores = { normal: upTo(20), abnormal: upTo(3, 50), of: 'valid' } as const;

suiteInTurn('normal images of a calibration, beside those of the run', () => {
  test('another kind is told, with both medians', () => {
    const text = otherNormalsText({ thresholds, scores, testScores: null }, upTo(20, 30))!;
    assert.match(text, /^The 20 normal images score otherwise than the 20 normal images of the run's validation set/);
    assert.include(text, '(median 39.50 against 9.500, Kolmogorov–Smirnov p = 0.001)');
  });

  test('the same kind is not, nor abnormal images of the run', () => {
    assert.isNull(otherNormalsText({ thresholds, scores, testScores: null }, upTo(20, 0.5)));
    assert.isNull(
      otherNormalsText({ thresholds, scores: { ...scores, abnormal: upTo(90, 500) }, testScores: null }, upTo(20)),
    );
  });

  test('test images come before validation images, and too few or support images tell nothing', () => {
    const far = upTo(20, 30);
    const testScores = { ...scores, normal: upTo(20, 30), of: 'test' } as const;
    assert.isNull(otherNormalsText({ thresholds, scores, testScores }, far));
    assert.match(
      otherNormalsText({ thresholds, scores, testScores: { ...testScores, normal: [1] } }, far)!,
      /validation/,
    );
    assert.match(otherNormalsText({ thresholds, scores: null, testScores }, upTo(20))!, /test set/);
    assert.isNull(otherNormalsText({ thresholds, scores, testScores: null }, upTo(7, 30)));
    assert.isNull(otherNormalsText({ thresholds, scores: { ...scores, of: 'support' }, testScores: null }, far));
    assert.isNull(otherNormalsText({ thresholds, scores: null, testScores: null }, far));
  });
});
