import { assert } from 'chai';
import { decode } from 'fast-png';
import { heatColours, heatLayer, overlayHeatMap, rangeOf } from '../../src/data/heat_map.ts';
import { rulePicture } from '../../src/data/picture.ts';
import { encodePng } from '../../src/data/png.ts';
import { decodeMapPng, decodeNpyMap, encodeMapPng, encodeNpy } from '../../src/data/raw_map.ts';
import { noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';
import { expectFailure } from './expect_failure.ts';

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

  test('equal steps are equal steps of lightness', () => {
    const colours = heatColours();
    for (let i = 0; i < 256; i++) {
      const [r, g, b] = Array.from(colours.subarray(3 * i, 3 * i + 3), (v) =>
        v <= 10 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4,
      );
      // Lightness of OKLab.
      const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
      const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
      const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
      assert.closeTo(0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 0.15 + (0.8 * i) / 255, 0.008);
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

  test('the range is that of the finite values', () => {
    const infinite = [Number.NaN, 3, Number.POSITIVE_INFINITY, 1, Number.NEGATIVE_INFINITY, 2];
    assert.deepEqual(rangeOf(Float32Array.from(infinite)), [1, 3]);
    assert.deepEqual(rangeOf(Float32Array.of(Number.NaN)), [0, 0]);
  });

  test('a fixed range makes maps comparable', () => {
    const image = { width: 4, height: 1, channels: 1, data: new Uint8Array(4) } as const;
    const half = overlayHeatMap(image, ramp, { range: [0, 8], opacity: 1 });
    const full = overlayHeatMap(image, ramp, { range: [0, 4], opacity: 1 });
    assert.notDeepEqual(half.data.slice(9), full.data.slice(9));
    assert.deepEqual(half.data.slice(9, 12), full.data.slice(6, 9)); // 4 of 8 is 2 of 4
  });

  test('laid over the image, the layer of colours is the overlay', () => {
    const { image } = rulePicture('heat', 2, 12, 9, 3, 1);
    const map = { width: 12, height: 9, data: noise(4, 108) };
    const [layer, overlay] = [heatLayer(map, 12, 9), overlayHeatMap(image, map)];
    for (let i = 0; i < 108; i++) {
      const weight = layer.data[4 * i + 3] / 255;
      for (let c = 0; c < 3; c++) {
        const mixed = image.data[3 * i + c] * (1 - weight) + layer.data[4 * i + c] * weight;
        assert.closeTo(overlay.data[3 * i + c], mixed, 1.1); // alpha has steps of 1/255
      }
    }
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

  test('come back from their files', () => {
    const map = { width: 4, height: 3, data: noise(3, 12) };
    assert.deepEqual(decodeNpyMap(encodeNpy(map.data, [3, 4]), 'a.npy'), map);
    const range = [-8, 8] as const;
    const { width, height, data } = decodeMapPng(encodeMapPng(map, range), range, 'a.map.png');
    assert.deepEqual([width, height], [4, 3]);
    data.forEach((value, i) => {
      assert.closeTo(value, map.data[i], 8 / 65535 + 1e-6);
    });
  });

  test('that are damaged or something else are refused', async () => {
    const file = encodeNpy(noise(3, 12), [3, 4]);
    for (const bytes of [file.slice(0, 5), file.slice(0, -4), encodeNpy(noise(3, 12), [12])]) {
      await expectFailure('bad_image', [/^a\.npy/], () => decodeNpyMap(bytes, 'a.npy'));
    }
    const { image } = rulePicture('heat', 1, 8, 6, 3, 0);
    for (const bytes of [encodePng(image), encodePng(image).slice(0, 40)]) {
      await expectFailure('bad_image', [/^a\.map\.png/], () => decodeMapPng(bytes, [0, 1], 'a.map.png'));
    }
  });
});
