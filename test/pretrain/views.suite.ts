import { assert } from 'chai';
import { preprocess } from '../../src/clip/preprocess.ts';
import type { Image } from '../../src/data/image.ts';
import { drawView, mirroredCaption, type View, viewInput } from '../../src/pretrain/views.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

const SIDE = 16;
const PLAIN: View = { theta: [1, 0, 0, 0, 1, 0], gain: 1, lift: 0, mirrored: false };

function picture(channels: 1 | 3): Image {
  const data = Uint8Array.from(noise(4, SIDE * SIDE * channels), (v) => 128 + 100 * v);
  return { width: SIDE, height: SIDE, channels, data };
}

suite('views of pairs', () => {
  for (const channels of [1, 3] as const) {
    test(`${channels === 1 ? 'grey' : 'RGB'} without a change is what the towers get elsewhere`, () => {
      const image = picture(channels);
      assertClose(viewInput(image, PLAIN), preprocess(image, 'openai', SIDE), { absolute: 1e-6 });
    });
  }

  test('a mirrored picture is the picture from right to left', () => {
    const image = picture(3);
    const seen = viewInput(image, { ...PLAIN, theta: [-1, 0, 0, 0, 1, 0] });
    const plain = viewInput(image, PLAIN);
    const expected = plain.map((_, i) => plain[i - (i % SIDE) + SIDE - 1 - (i % SIDE)]);
    assertClose(seen, expected, { absolute: 1e-5 });
  });

  test('gain spreads around the middle grey, lift adds, and both stay in the range of bytes', () => {
    const image: Image = { width: 2, height: 2, channels: 1, data: Uint8Array.of(128, 138, 250, 3) };
    const seen = viewInput(image, { ...PLAIN, gain: 2, lift: 5 });
    const expected = viewInput({ ...image, data: Uint8Array.of(133, 153, 255, 0) }, PLAIN);
    assertClose(seen, expected, { absolute: 1e-5 });
  });

  test('views differ from number to number, are mirrored half of the time, and never when they may not be', () => {
    const views = Array.from({ length: 400 }, (_, i) => drawView(7, i, true));
    assert.deepEqual(views[5], drawView(7, 5, true));
    assert.equal(new Set(views.map(({ gain }) => gain)).size, 400);
    const mirrored = views.filter((view) => view.mirrored);
    assert.closeTo(mirrored.length, 200, 50);
    assert.isTrue(mirrored.every(({ theta }) => theta[0] < 0));
    assert.isFalse(views.some((_, i) => drawView(7, i, false).mirrored));
  });

  test('a mirrored caption changes sides and nothing else', () => {
    assert.equal(mirroredCaption('a cyst at the upper left.'), 'a cyst at the upper right.');
    assert.equal(mirroredCaption('right of the left, leftover'), 'left of the right, leftover');
  });
});
