import { assert } from 'chai';
import { encodePng } from '../../src/data/encode.ts';
import { readPicture } from '../../src/train/index.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suite, test } from '../harness/registry.ts';

suite('pictures', () => {
  test('an image and its mask are framed alike', async () => {
    const [width, height] = [6, 3];
    // White with a lesion in its left half.
    const white = new Uint8Array(width * height).fill(255);
    const left = white.map((_, i) => (i % width < 3 ? 255 : 0));
    const fs = new MemoryFileSystem([
      ['/image.png', encodePng({ width, height, channels: 1, data: white })],
      ['/mask.png', encodePng({ width, height, channels: 1, data: left })],
    ]);
    const sample = { id: 'a', path: '/image.png', maskPath: '/mask.png', label: 1 as const, split: 'test' as const };
    const { pixels, mask } = await readPicture(fs, sample, { size: 8, norm: 'medclip' });
    const lit = Array.from({ length: 64 }, (_, i) => pixels.data[3 * i] > 127);
    const row = [false, true, true, true, true, true, true, false];
    const dark = new Array(8).fill(false);
    assert.deepEqual(lit, [...dark, ...dark, ...row, ...row, ...row, ...dark, ...dark, ...dark]);
    const lesion = [0, 1, 1, 1, 0, 0, 0, 0];
    const none = new Array(8).fill(0);
    assert.deepEqual([...mask!], [...none, ...none, ...lesion, ...lesion, ...lesion, ...none, ...none, ...none]);
    const squashed = await readPicture(fs, sample, { size: 4, norm: 'clip' });
    assert.deepEqual([...squashed.mask!.subarray(0, 4)], [1, 1, 0, 0]);
    assert.isAbove(Math.min(...squashed.pixels.data), 250);
  });
});
