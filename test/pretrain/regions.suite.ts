import { assert } from 'chai';
import type { Image } from '../../src/data/image.ts';
import { phantomPairs } from '../../src/pretrain/phantom_pairs.ts';
import { drawRegions, patchCoverage, type RegionSource } from '../../src/pretrain/regions.ts';
import { assertClose } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

/** A mask of 8 x 8 pixels that covers a rectangle. */
function mask(left: number, top: number, right: number, bottom: number): Image {
  const data = new Uint8Array(64);
  for (let y = top; y < bottom; y++) data.fill(255, 8 * y + left, 8 * y + right);
  return { width: 8, height: 8, channels: 1, data };
}

suite('regions of a batch', () => {
  test('the part of a patch that is lesion follows the view of the picture', () => {
    assertClose(patchCoverage(mask(0, 0, 4, 2), [1, 0, 0, 0, 1, 0], 4), [0.5, 0, 0, 0], { absolute: 1e-6 });
    assertClose(patchCoverage(mask(0, 0, 4, 2), [-1, 0, 0, 0, 1, 0], 4), [0, 0.5, 0, 0], { absolute: 1e-6 });
    assertClose(patchCoverage(mask(0, 0, 4, 4), [1, 0, 0, 0, 1, -1], 4), [1, 0, 1, 0], { absolute: 1e-6 });
  });

  const batch: RegionSource[] = [
    { index: 10, lesion: null, twin: 0 },
    { index: 11, lesion: Float32Array.of(0, 0.9, 0.2, 0), twin: 0 },
    { index: 12, lesion: Float32Array.of(0, 1, 0, 0), twin: -1 },
  ];

  test('patches of a lesion are like their picture, the same of the twin and those beside like the twin', () => {
    const regions = drawRegions(1, 20, batch);
    assert.equal(regions.length, 60);
    const ill = regions.filter(({ picture, like }) => picture === 1 && like === 1);
    const twin = regions.filter(({ picture, like }) => picture === 0 && like === 0);
    const beside = regions.filter(({ picture, like }) => picture === 1 && like === 0);
    assert.deepEqual([ill.length, twin.length], [20, 20]);
    assert.deepEqual(new Set(ill.map(({ patch }) => patch)), new Set([1]));
    assert.deepEqual(
      twin.map(({ patch }) => patch),
      ill.map(({ patch }) => patch),
    );
    assert.deepEqual(new Set(beside.map(({ patch }) => patch)), new Set([0, 3]));
  });

  test('a lesion that fills no patch well is drawn where it is, and one that is out of sight not at all', () => {
    const faint = drawRegions(1, 3, [batch[0], { index: 1, lesion: Float32Array.of(0, 0, 0.1, 0), twin: 0 }]);
    assert.deepEqual(new Set(faint.filter(({ like }) => like === 1).map(({ patch }) => patch)), new Set([2]));
    const gone = drawRegions(1, 3, [batch[0], { index: 1, lesion: new Float32Array(4), twin: 0 }]);
    assert.isTrue(gone.every(({ like }) => like === 0));
    assert.deepEqual(drawRegions(1, 0, batch), []);
  });

  test('seed and number decide, and phantoms of odd numbers have masks', async () => {
    assert.deepEqual(drawRegions(1, 5, batch), drawRegions(1, 5, batch));
    assert.notDeepEqual(drawRegions(1, 5, batch), drawRegions(2, 5, batch));
    const source = phantomPairs(['chest'], [], 1);
    assert.isNull((await source.pair(4, 32)).mask);
    const ill = await source.pair(5, 32);
    assert.isTrue(ill.mask!.data.some((value) => value === 255));
  });
});
