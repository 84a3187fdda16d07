import { assert } from 'chai';
import { decode } from 'fast-png';
import { heatColours, overlayHeatMap } from '../../src/data/heat_map.ts';
import { rulePicture } from '../../src/data/picture.ts';
import { encodeMapPng, encodeNpy } from '../../src/data/raw_map.ts';
import { noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

suite('heat maps', () => {
  const ramp = { width: 4, height: 1, data: Float32Array.of(0, 1, 2, 4) };

  test('colours grow lighter at every step', () => {
    const colours = heatColours();
    let last = -1;
    for (let i = 0; i < 256; i += 5) {
      const [r, g, b] = colours.subarray(3 * i, 3 * i + 3);
      const luma = 0.2126 * (r / 255) ** 2.2 + 0.7152 * (g / 255) ** 2.2 + 0.0722 * (b / 255) ** 2.2;
      assert.isAbove(luma, last);
      last = luma;
    }
  });

  test('leave the image alone where the map is lowest', () => {
    const image = { width: 4, height: 1, channels: 1, data: Uint8Array.of(10, 90, 170, 250) } as const;
    const overlay = overlayHeatMap(image, ramp);
    assert.equal(overlay.channels, 3);
    assert.deepEqual(Array.from(overlay.data.subarray(0, 3)), [10, 10, 10]);
    const top = Array.from(heatColours().subarray(-3), (c) => Math.round(250 * 0.4 + c * 0.6));
    assert.deepEqual(Array.from(overlay.data.subarray(9)), top);
  });

  test('a constant map and NaN show the image', () => {
    const { image } = rulePicture('heat', 1, 8, 6, 3, 0);
    for (const value of [3, Number.NaN]) {
      const map = { width: 2, height: 3, data: new Float32Array(6).fill(value) };
      assert.deepEqual(overlayHeatMap(image, map), image);
    }
  });

  test('a map of another size is spread over the image', () => {
    const { image } = rulePicture('heat', 1, 40, 30, 3, 0);
    const map = { width: 2, height: 2, data: Float32Array.of(0, 1, 0, 1) };
    const overlay = overlayHeatMap(image, map, { opacity: 1 });
    const at = (x: number) => Array.from(overlay.data.subarray((15 * 40 + x) * 3, (15 * 40 + x) * 3 + 3));
    assert.deepEqual(at(0), Array.from(image.data.subarray(15 * 120, 15 * 120 + 3)));
    assert.deepEqual(at(39), Array.from(heatColours().subarray(-3)));
  });

  test('a fixed range makes maps comparable', () => {
    const image = { width: 4, height: 1, channels: 1, data: new Uint8Array(4) } as const;
    const half = overlayHeatMap(image, ramp, { range: [0, 8], opacity: 1 });
    const full = overlayHeatMap(image, ramp, { range: [0, 4], opacity: 1 });
    assert.notDeepEqual(half.data.slice(9), full.data.slice(9));
    assert.deepEqual(half.data.slice(9, 12), full.data.slice(6, 9)); // 4 of 8 is 2 of 4
  });
});

suite('raw maps', () => {
  test('as 16-bit PNG use the whole range', () => {
    const png = decode(encodeMapPng({ width: 2, height: 2, data: Float32Array.of(-1, 0, 1, 3) }));
    assert.deepEqual([png.depth, png.channels, Array.from(png.data)], [16, 1, [0, 16384, 32768, 65535]]);
  });

  test('as NumPy file keep every bit and begin at a multiple of 64', () => {
    const data = noise(3, 12);
    for (const shape of [[12], [3, 4], [2, 3, 2]]) {
      const file = encodeNpy(data, shape);
      assert.deepEqual(Array.from(file.subarray(0, 8)), [0x93, 78, 85, 77, 80, 89, 1, 0]);
      const start = 10 + new DataView(file.buffer).getUint16(8, true);
      assert.equal(start % 64, 0);
      const header = new TextDecoder().decode(file.subarray(10, start));
      assert.match(header, /^\{'descr': '<f4', 'fortran_order': False, 'shape': \([\d, ]+\), \} *\n$/);
      assert.include(header, shape.length === 1 ? '(12,)' : `(${shape.join(', ')})`);
      assert.deepEqual(new Float32Array(file.slice(start).buffer), data);
    }
    assert.throws(() => encodeNpy(data, [5, 5]), RangeError);
  });
});
