import { assert } from 'chai';
import { contourRings } from '../../src/data/contour.ts';
import { suite, test } from '../harness/registry.ts';

/** All points, in pixels of a map of this size. */
function inPixels(rings: [number, number][][], width: number, height: number): [number, number][] {
  return rings.flat().map(([x, y]) => [x * width, y * height]);
}

suite('contours', () => {
  test('a cone is crossed in a circle', () => {
    const [size, centre, radius] = [64, 31.5, 20.25];
    const data = Float32Array.from(
      { length: size * size },
      (_, i) => -Math.hypot((i % size) + 0.5 - centre, Math.floor(i / size) + 0.5 - centre),
    );
    const points = inPixels(contourRings({ width: size, height: size, data }, -radius), size, size);
    assert.isAbove(points.length, 100);
    for (const [x, y] of points) assert.closeTo(Math.hypot(x - centre, y - centre), radius, 0.02);
  });

  test('every line is closed, also around regions at the border and over saddles', () => {
    const map = { width: 4, height: 3, data: Float32Array.of(1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 1) };
    const rings = contourRings(map, 0.5);
    assert.isNotEmpty(rings);
    for (const ring of rings) {
      assert.isAbove(ring.length, 3);
      assert.deepEqual(ring[0], ring.at(-1));
    }
  });

  test('there is none where all of the map is lower, and a frame where all of it is higher', () => {
    const map = { width: 3, height: 2, data: new Float32Array(6).fill(2) };
    assert.isEmpty(contourRings(map, 3));
    for (const [x, y] of inPixels(contourRings(map, 1), 3, 2)) {
      assert.isTrue(x === 0 || x === 3 || y === 0 || y === 2, `${x}, ${y}`);
    }
  });
});
