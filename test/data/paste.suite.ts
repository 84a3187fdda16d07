import { assert } from 'chai';
import { pasteLesion } from '../../src/data/paste.ts';
import { phantom } from '../../src/phantom/index.ts';
import { suite, test } from '../harness/registry.ts';

const healthy = (index: number) => phantom('brain', 1, index, { size: 64, abnormal: false }).image;

suite('pasted lesions', () => {
  test('change the picture where the mask is, and nothing away from it', () => {
    const image = healthy(0);
    const { image: pasted, mask } = pasteLesion(image, healthy(2), 'a', 1);
    const channels = image.channels;
    let changed = 0;
    let outside = 0;
    let pixels = 0;
    mask.forEach((lesion, i) => {
      const step = Math.abs(pasted.data[3 * i] - image.data[channels * i]);
      if (lesion) pixels++;
      if (lesion && step > 4) changed++;
      if (!lesion && step > 0) outside++;
    });
    assert.isAbove(pixels, 0.01 * 64 * 64);
    assert.isAbove(changed / pixels, 0.5);
    // The soft rim alone.
    assert.isBelow(outside, pixels);
  });

  test('have a soft rim outside of the mask, and lie where they change the picture', () => {
    // A bright square of a quarter of the picture on black: a piece of black on black changes nothing.
    const side = 64;
    const data = Uint8Array.from({ length: side * side }, (_, i) => (i % side < 32 && i < 32 * side ? 200 : 0));
    const image = { width: side, height: side, channels: 1 as const, data };
    for (let seed = 0; seed < 12; seed++) {
      const { image: pasted, mask } = pasteLesion(image, image, 'b', seed);
      const steps = Array.from(mask, (_, i) => Math.abs(pasted.data[3 * i] - data[i]));
      const inside = steps.filter((_, i) => mask[i] === 1);
      assert.isAbove(inside.filter((step) => step >= 12).length / inside.length, 0.3, `seed ${seed}`);
      assert.isTrue(
        steps.some((step, i) => step > 0 && mask[i] === 0),
        `rim of seed ${seed}`,
      );
    }
  });

  test('are the same for one name and seed, and differ for others', () => {
    const paste = (name: string, seed: number) => pasteLesion(healthy(0), healthy(2), name, seed);
    assert.deepEqual(paste('a', 1), paste('a', 1));
    assert.notDeepEqual(paste('a', 1).mask, paste('b', 1).mask);
    assert.notDeepEqual(paste('a', 1).mask, paste('a', 2).mask);
  });

  test('a black picture gets one too', () => {
    const black = { width: 32, height: 32, channels: 1 as const, data: new Uint8Array(32 * 32) };
    const { mask } = pasteLesion(black, black, 'a', 1);
    assert.isTrue(mask.includes(1));
  });
});
