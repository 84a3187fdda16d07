import { assert } from 'chai';
import type { Image } from '../../src/data/image.ts';
import { intensityMap, intensityScores } from '../../src/metrics/intensity_scores.ts';
import { suite, test } from '../harness/registry.ts';

suite('trivial baselines', () => {
  test('are mean, deviation and a high percentile of the grey values', () => {
    const image: Image = { width: 101, height: 2, channels: 1, data: Uint8Array.from({ length: 202 }, (_, i) => i) };
    const { mean, std, p995 } = intensityScores(image);
    assert.closeTo(mean * 255, 100.5, 1e-12);
    assert.closeTo(std * 255, Math.sqrt((202 ** 2 - 1) / 12), 1e-10);
    assert.closeTo(p995 * 255, 0.995 * 201, 1e-10);
  });

  test('the map is the brightness at the asked size', () => {
    const image: Image = { width: 3, height: 2, channels: 3, data: new Uint8Array(18).fill(51) };
    assert.deepEqual(Array.from(intensityMap(image, 4)), new Array(16).fill(Math.fround(0.2)));
  });
});
