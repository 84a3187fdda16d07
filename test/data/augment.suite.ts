import { assert } from 'chai';
import { AUGMENTATIONS, warp, warpMask } from '../../src/data/augment.ts';
import { noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

suite('augmentation', () => {
  const view = (name: string) => AUGMENTATIONS.find((a) => a.name === name)!;

  test('has the eleven views of MVFA in its order', () => {
    assert.deepEqual(
      AUGMENTATIONS.map(({ name }) => name),
      [
        'identity',
        'rot-0.3927',
        'rot-0.1963',
        'rot+0.1963',
        'rot+0.3927',
        'shift+0.1+0.1',
        'shift-0.1+0.1',
        'shift-0.1-0.1',
        'shift+0.1-0.1',
        'hflip',
        'vflip',
      ],
    );
  });

  test('flips reverse rows and columns exactly', () => {
    const x = noise(1, 2 * 5 * 5);
    const across = warp(x, 5, view('hflip'));
    const down = warp(x, 5, view('vflip'));
    for (let i = 0; i < x.length; i++) {
      const [plane, row, column] = [Math.floor(i / 25), Math.floor((i % 25) / 5), i % 5];
      assert.equal(across[i], x[plane * 25 + row * 5 + 4 - column]);
      assert.equal(down[i], x[plane * 25 + (4 - row) * 5 + column]);
    }
  });

  test('a shift of 0.1 moves by a twentieth of the side and reflects at the edge', () => {
    const x = Float32Array.from({ length: 400 }, (_, i) => i % 20);
    const moved = warp(x, 20, view('shift+0.1-0.1')).subarray(0, 20);
    for (let i = 0; i < 19; i++) assert.closeTo(moved[i], i + 1, 1e-5);
    assert.closeTo(moved[19], 19, 1e-5);
  });

  test('gives a new array even for the identity', () => {
    const x = noise(2, 9);
    const same = warp(x, 3, view('identity'));
    assert.deepEqual(same, x);
    assert.notEqual(same.buffer, x.buffer);
  });

  test('masks stay masks under every view', () => {
    const mask = Uint8Array.from({ length: 144 }, (_, i) => Number(i % 12 > 3 && i > 40 && i < 110));
    for (const a of AUGMENTATIONS) {
      const warped = warpMask(mask, 12, a);
      assert.isTrue(warped.every((v) => v === 0 || v === 1));
      assert.isTrue(warped.some((v) => v === 1));
    }
  });
});
