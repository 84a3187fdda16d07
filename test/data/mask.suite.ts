import { assert } from 'chai';
import type { Image } from '../../src/data/image.ts';
import { isSmeared, maskCodes, maskOf } from '../../src/data/mask.ts';
import { suite, test } from '../harness/registry.ts';

const row = (channels: 1 | 3 | 4, ...values: number[]): Image => ({
  ...{ width: values.length / channels, height: 1 },
  ...{ channels, data: Uint8Array.from(values) },
});
const lesion = (image: Image, background: 'black' | 'white', smeared = false) =>
  [...maskOf(image, { background, smeared }).data].map((value) => value / 255);

suite('a mask', () => {
  test('is lesion from the first value beside its background on, or from the middle where it was smeared', () => {
    const grey = row(1, 0, 1, 127, 128, 254, 255);
    assert.deepEqual(lesion(grey, 'black'), [0, 1, 1, 1, 1, 1]);
    assert.deepEqual(lesion(grey, 'black', true), [0, 0, 0, 1, 1, 1]);
    assert.deepEqual(lesion(grey, 'white'), [1, 1, 1, 1, 1, 0]);
    assert.deepEqual(lesion(grey, 'white', true), [1, 1, 1, 0, 0, 0]);
  });

  test('of one colour is what can be seen of it, and on white what cannot', () => {
    const red = row(4, 255, 0, 0, 255, 255, 0, 0, 0, 255, 0, 0, 1);
    assert.deepEqual(lesion(red, 'black'), [1, 0, 1]);
    assert.deepEqual(lesion(red, 'white'), [0, 1, 0]);
    // Of more colours: what can be seen and is not the background.
    const two = row(4, 255, 0, 0, 255, 0, 0, 0, 255, 255, 0, 0, 0);
    assert.deepEqual(lesion(two, 'black'), [1, 0, 0]);
  });

  test('has up to sixteen codes beside its background', () => {
    const raster = (count: number) => ({
      ...{ width: count, height: 1, channels: 1 as const, bits: 8 as const },
      data: Uint8Array.from({ length: count }, (_, i) => i),
    });
    assert.lengthOf(maskCodes(raster(17), 'black')!, 16);
    assert.isNull(maskCodes(raster(18), 'black'));
    assert.deepEqual(maskCodes(raster(3), 'white'), [0, 1]);
  });

  test('is smeared where more than sixteen greys lie between black and a lesion that is nearly white', () => {
    const greys = (count: number, top: number) => row(1, 0, top, ...Array.from({ length: count }, (_, i) => 1 + i));
    assert.isTrue(isSmeared(greys(17, 255), 'black'));
    assert.isFalse(isSmeared(greys(16, 255), 'black'), 'black and white are none of the greys');
    assert.isTrue(isSmeared(greys(17, 224), 'black'));
    assert.isFalse(isSmeared(greys(17, 223), 'black'));
    const light = (bottom: number) => row(1, 255, bottom, ...Array.from({ length: 17 }, (_, i) => 200 + i));
    assert.isTrue(isSmeared(light(31), 'white'));
    assert.isFalse(isSmeared(light(32), 'white'));
  });
});
