import { assert } from 'chai';
import { contourSegments } from '../../src/data/contour.ts';
import { suite, test } from '../harness/registry.ts';

/** Segments as pairs of points, in pixels of a map of this size. */
function inPixels(segments: Float32Array, width: number, height: number): [number, number][] {
  const points: [number, number][] = [];
  for (let i = 0; i < segments.length; i += 2) points.push([segments[i] * width, segments[i + 1] * height]);
  return points;
}

suite('contours', () => {
  test('a cone is crossed in a circle', () => {
    const [size, centre, radius] = [64, 31.5, 20.25];
    const data = Float32Array.from(
      { length: size * size },
      (_, i) => -Math.hypot((i % size) + 0.5 - centre, Math.floor(i / size) + 0.5 - centre),
    );
    const points = inPixels(contourSegments({ width: size, height: size, data }, -radius), size, size);
    assert.isAbove(points.length, 200);
    for (const [x, y] of points) assert.closeTo(Math.hypot(x - centre, y - centre), radius, 0.02);
  });

  test('every line is closed, also around regions at the border and over saddles', () => {
    const map = { width: 4, height: 3, data: Float32Array.of(1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 1) };
    const ends = new Map<string, number>();
    for (const [x, y] of inPixels(contourSegments(map, 0.5), 4, 3)) {
      const key = `${x.toFixed(4)},${y.toFixed(4)}`;
      ends.set(key, (ends.get(key) ?? 0) + 1);
    }
    assert.isNotEmpty(ends);
    for (const [point, count] of ends) assert.equal(count % 2, 0, point);
  });

  test('there is none where all of the map is lower, and a frame where all of it is higher', () => {
    const map = { width: 3, height: 2, data: new Float32Array(6).fill(2) };
    assert.isEmpty(contourSegments(map, 3));
    for (const [x, y] of inPixels(contourSegments(map, 1), 3, 2)) {
      assert.isTrue(x === 0 || x === 3 || y === 0 || y === 2, `${x}, ${y}`);
    }
  });
});
