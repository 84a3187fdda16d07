import { assert } from 'chai';
import { encodePng } from '../../src/data/png.ts';
import { pixelsOf, readPicture, unframedMap } from '../../src/detect/pictures.ts';
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
    const sample = {
      id: 'a',
      path: '/image.png',
      mask: { paths: ['/mask.png'], background: 'black' as const },
      patient: null,
      label: 1 as const,
      split: 'test' as const,
    };
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

  test('a map of a framed image lies on the image as the model saw it', () => {
    // The map is what the model saw: on the image it shows the image again, but for what shrinking has blurred.
    const size = 24;
    for (const [width, height, blurred] of [
      [24, 12, 0],
      [10, 24, 0],
      [6, 4, 0],
      [48, 30, 4],
    ]) {
      const data = Uint8Array.from({ length: width * height }, (_, i) => 60 + (i % width) + 4 * Math.floor(i / width));
      const image = { width, height, channels: 1, data } as const;
      const seen = pixelsOf(image, { size, norm: 'medclip' });
      const values = Float32Array.from({ length: size * size }, (_, i) => seen.data[3 * i]);
      const map = unframedMap({ width: size, height: size, data: values }, image, 'medclip');
      assert.deepEqual([map.width, map.height], [width, height]);
      for (let y = blurred; y < height - blurred; y++) {
        for (let x = blurred; x < width - blurred; x++) {
          assert.closeTo(map.data[y * width + x], data[y * width + x], blurred > 0 ? 1 : 1e-3, `${x}, ${y}`);
        }
      }
    }
    const map = { width: 2, height: 2, data: Float32Array.of(1, 2, 3, 4) };
    const image = { width: 3, height: 1, channels: 1, data: new Uint8Array(3) } as const;
    assert.strictEqual(unframedMap(map, image, 'clip'), map);
  });
});
