import { assert } from 'chai';
import { decodeImage, decodeMask, decodeRaster } from '../../src/data/decode.ts';
import { suite, test } from '../harness/registry.ts';
import { expectFailure } from './expect_failure.ts';
import { fromBase64 } from './jpeg_samples.ts';
import { makeTiff, type TiffRecipe } from './tiff_maker.ts';
import { TIFF_SAMPLES } from './tiff_samples.ts';

suite('TIFF', () => {
  const grey = { width: 3, height: 2, bits: 8, photometric: 1, data: [0, 1, 2, 100, 254, 255] };

  for (const little of [true, false]) {
    test(`grey, inverted grey, RGB, alpha, palette, 16 bits and 1 bit, ${little ? 'little' : 'big'} endian`, () => {
      const read = (recipe: TiffRecipe) => {
        const { width, height, channels, data } = decodeImage(makeTiff(little, recipe), 'x.tif');
        return [width, height, channels, ...data];
      };
      assert.deepEqual(read(grey), [3, 2, 1, ...grey.data]);
      assert.deepEqual(read({ ...grey, photometric: 0 }), [3, 2, 1, ...grey.data.map((v) => 255 - v)]);
      const rgb = { ...grey, width: 2, height: 1, photometric: 2, samples: 3 };
      assert.deepEqual(read(rgb), [2, 1, 3, ...grey.data]);
      const rgba = { ...rgb, samples: 4, data: [9, 8, 7, 0, 6, 5, 4, 255], more: { 338: [3, [2]] } } as const;
      assert.deepEqual(read(rgba), [2, 1, 4, ...rgba.data]);
      // Grey and its alpha, each in a strip of its own.
      const two = { 273: [4, [3000, 3002]], 279: [4, [2, 2]], 284: [3, [2]], 338: [3, [2]] } as const;
      const apart = { ...grey, width: 2, height: 1, samples: 2, data: [9, 8, 255, 0], more: two };
      assert.deepEqual(read(apart), [2, 1, 4, 9, 9, 9, 255, 8, 8, 8, 0]);
      const wide = (v: number) => (little ? [v & 255, v >> 8] : [v >> 8, v & 255]);
      const deep = { ...grey, width: 2, height: 1, bits: 16, data: [...wide(0x1234), ...wide(0xff00)] };
      assert.deepEqual(read(deep), [2, 1, 1, 0x12, 0xff]);
      assert.equal(decodeRaster(makeTiff(little, deep), 'x.tif').bits, 16);
      const map = Array.from({ length: 768 }, (_, i) => (i % 256) * 257);
      const palette = { ...grey, photometric: 3, more: { 320: [3, map] } } as const;
      assert.deepEqual(read(palette), [3, 2, 3, ...grey.data.flatMap((v) => [v, v, v])]);
      const bits = { ...grey, width: 3, height: 2, bits: 1, data: [0b10100000, 0b01000000] };
      assert.deepEqual(read(bits), [3, 2, 1, 255, 0, 255, 0, 255, 0]);
    });
  }

  test('numbers with a sign, and floating-point numbers', () => {
    const signed = {
      ...grey,
      width: 2,
      height: 1,
      bits: 16,
      data: [0x18, 0xfc, 0x90, 1],
      more: { 339: [3, [2]] },
    } as const;
    assert.deepEqual([...decodeRaster(makeTiff(true, signed), 'x.tif').data], [-1000, 400]);
    const data = [...new Uint8Array(Float32Array.of(0.25, -3).buffer)];
    const real = { ...signed, bits: 32, data, more: { 339: [3, [3]] } } as const;
    assert.deepEqual([...decodeRaster(makeTiff(true, real), 'x.tif').data], [0.25, -3]);
    assert.deepEqual([...decodeMask(makeTiff(true, real), 'm.tif').data], [255, 0]);
  });

  test('tiles, differences, channels apart, PackBits, 32, 64 and packed 12 bits, as another program writes them', () => {
    const [width, height] = [21, 18];
    const value = (x: number, y: number, c: number, top = 251) => (37 * x + 59 * y + 101 * c) % top;
    const samples: [keyof typeof TIFF_SAMPLES, number, 1 | 3, (x: number, y: number, c: number) => number][] = [
      ['tiled', 16, 1, (x, y) => (2749 * value(x, y, 0, 9973)) % 65521],
      ['colour', 8, 3, value],
      ['apart', 8, 3, value],
      ['real', 32, 1, (x, y) => (value(x, y, 0) - 100) / 8],
      ['double', 64, 1, (x, y) => (value(x, y, 0) - 100) / 8],
      ['runs', 8, 1, (x, y) => Math.floor(value(x, y, 0) / 50)],
      ['signed', 32, 1, (x, y) => value(x, y, 0) - 100],
      ['packed', 12, 1, (x, y) => 16 * value(x, y, 0) + 5],
    ];
    for (const [name, bits, channels, of] of samples) {
      const read = decodeRaster(fromBase64(TIFF_SAMPLES[name]), 'x.tif');
      const pixels = Array.from({ length: width * height * channels }, (_, i) => {
        const [c, pixel] = [i % channels, Math.floor(i / channels)];
        return of(pixel % width, Math.floor(pixel / width), c);
      });
      const { data, ...facts } = read;
      assert.deepEqual(facts, { width, height, channels, bits }, name);
      assert.deepEqual([...data], pixels, name);
    }
  });

  test('mirrored bits, two and four bits, differences that no compression has, a palette of bytes', () => {
    const read = (recipe: Partial<TiffRecipe>) => [
      ...decodeImage(makeTiff(true, { ...grey, ...recipe }), 'x.tif').data,
    ];
    const bits = { width: 5, height: 2, bits: 1, data: [0b00010100, 0b00000010] };
    assert.deepEqual(read({ ...bits, more: { 266: [3, [2]] } }), [0, 0, 255, 0, 255, 0, 255, 0, 0, 0]);
    assert.deepEqual(read({ width: 3, height: 1, bits: 2, data: [0b00011100] }), [0, 85, 255]);
    assert.deepEqual(read({ width: 3, height: 1, bits: 4, photometric: 0, data: [0xf0, 0x10] }), [0, 255, 238]);
    assert.deepEqual(read({ more: { 317: [3, [2]] } }), grey.data);
    const map = Array.from({ length: 48 }, (_, i) => (i < 16 ? 10 * i : 0));
    const palette = { width: 2, height: 1, bits: 4, photometric: 3, data: [0x1f], more: { 320: [3, map] } } as const;
    assert.deepEqual(read(palette), [10, 0, 0, 150, 0, 0]);
  });

  test('small class codes of a 16-bit mask are kept', () => {
    const file = makeTiff(true, { ...grey, width: 3, height: 1, bits: 16, data: [0, 0, 2, 0, 0, 9] });
    assert.deepEqual([...decodeMask(file, 'm.tif').data], [0, 255, 255]);
  });

  test('several pictures, floating-point numbers and other kinds are refused with advice that helps', async () => {
    const refusal = (recipe: Partial<TiffRecipe>, pattern: RegExp, advice = /x\.tif.*convert it to PNG/) =>
      expectFailure('bad_image', [pattern, advice], () => decodeImage(makeTiff(true, { ...grey, ...recipe }), 'x.tif'));
    await refusal({ pages: 3 }, /holds 3 pictures/, /x\.tif.*write each of them as a file of its own\.$/);
    await refusal({ bits: 16, more: { 339: [3, [3]] } }, /floating-point numbers of 16 bits/);
    await refusal({ width: 1, height: 1, bits: 32, data: [0, 0, 1, 0] }, /more than 16 bits/);
    const notNumber = { width: 1, height: 1, bits: 32, data: [0, 0, 192, 127], more: { 339: [3, [3]] } } as const;
    await refusal(notNumber, /some of its values are no numbers/);
    await refusal({ bits: 6 }, /6 bits/);
    await refusal({ photometric: 5 }, /colours are CMYK/);
    await refusal({ photometric: 2, samples: 3, more: { 258: [3, [5, 6, 5]] } }, /different kinds of numbers/);
    await refusal({ more: { 259: [3, [7]] } }, /compressed with JPEG/);
    await refusal({ more: { 259: [3, [8]], 317: [3, [3]] } }, /differences of kind 3/);
  });

  test('a truncated file is refused', async () => {
    const whole = makeTiff(true, grey);
    for (const length of [4, 7, 9, 60, 3000, 3003]) {
      await expectFailure('bad_image', [/x\.tif.*damaged/], () => decodeImage(whole.slice(0, length), 'x.tif'));
    }
    const round = makeTiff(true, grey);
    new DataView(round.buffer).setUint32(8 + 2 + 12 * 10, 8, true);
    await expectFailure('bad_image', [/round in a circle/], () => decodeImage(round, 'x.tif'));
  });
});

/** A BMP; `rows` from the top down, each as its bytes without padding. */
function makeBmp(width: number, bits: number, rows: readonly (readonly number[])[], more: BmpRecipe = {}): Uint8Array {
  const { palette = [], topDown = false, compression = 0, masks = [] } = more;
  const stride = 4 * Math.ceil((width * bits) / 32);
  const start = 54 + 4 * masks.length + palette.length;
  const out = new DataView(new ArrayBuffer(start + stride * rows.length));
  const bytes = new Uint8Array(out.buffer);
  bytes.set([0x42, 0x4d]);
  out.setUint32(10, start, true);
  out.setUint32(14, 40 + 4 * (masks.length > 3 ? 4 : 0), true);
  out.setInt32(18, width, true);
  out.setInt32(22, topDown ? -rows.length : rows.length, true);
  out.setUint16(26, 1, true);
  out.setUint16(28, bits, true);
  out.setUint32(30, compression, true);
  out.setUint32(46, palette.length / 4, true);
  for (const [i, mask] of masks.entries()) out.setUint32(54 + 4 * i, mask, true);
  bytes.set(palette, start - palette.length);
  for (const [y, row] of rows.entries()) bytes.set(row, start + stride * (topDown ? y : rows.length - 1 - y));
  return bytes;
}

interface BmpRecipe {
  readonly palette?: readonly number[];
  readonly topDown?: boolean;
  readonly compression?: number;
  readonly masks?: readonly number[];
}

suite('BMP', () => {
  const read = (file: Uint8Array) => {
    const { width, height, channels, data } = decodeImage(file, 'x.bmp');
    return [width, height, channels, ...data];
  };

  test('palettes of 1, 4 and 8 bits, grey ones as grey, lines from the bottom or the top', () => {
    const red = [0, 0, 200, 0];
    const greys = [0, 0, 0, 0, 255, 255, 255, 0];
    for (const topDown of [false, true]) {
      assert.deepEqual(read(makeBmp(3, 1, [[0b10100000], [0b01000000]], { palette: greys, topDown })), [
        ...[3, 2, 1],
        ...[255, 0, 255, 0, 255, 0],
      ]);
    }
    assert.deepEqual(read(makeBmp(3, 4, [[0x01, 0x10]], { palette: [...greys.slice(0, 4), ...red] })), [
      ...[3, 1, 3],
      ...[0, 0, 0, 200, 0, 0, 200, 0, 0],
    ]);
    const ramp = Array.from({ length: 1024 }, (_, i) => (i % 4 === 3 ? 0 : 255 - (i >> 2)));
    assert.deepEqual(read(makeBmp(2, 8, [[0, 255]], { palette: ramp })), [2, 1, 1, 255, 0]);
  });

  test('24 and 32 bits; alpha counts where there is any', () => {
    assert.deepEqual(read(makeBmp(1, 24, [[1, 2, 3]])), [1, 1, 3, 3, 2, 1]);
    assert.deepEqual(read(makeBmp(1, 32, [[1, 2, 3, 0]])), [1, 1, 3, 3, 2, 1]);
    assert.deepEqual(read(makeBmp(1, 32, [[1, 2, 3, 9]])), [1, 1, 4, 3, 2, 1, 9]);
    const masks = [0xff, 0xff00, 0xff0000];
    assert.deepEqual(read(makeBmp(1, 32, [[1, 2, 3, 9]], { compression: 3, masks })), [1, 1, 3, 1, 2, 3]);
  });

  test('compressed and truncated ones are refused', async () => {
    await expectFailure('bad_image', [/compressed \(kind 1\).*convert it to PNG/], () =>
      decodeImage(makeBmp(1, 8, [[0]], { compression: 1 }), 'x.bmp'),
    );
    const whole = makeBmp(2, 24, [[1, 2, 3, 4, 5, 6]]);
    for (const length of [2, 30, 54, whole.length - 1]) {
      await expectFailure('bad_image', [/x\.bmp.*truncated/], () => decodeImage(whole.slice(0, length), 'x.bmp'));
    }
    await expectFailure('bad_image', [/past the end of the palette/], () =>
      decodeImage(makeBmp(1, 8, [[7]], { palette: [0, 0, 0, 0] }), 'x.bmp'),
    );
  });
});

suite('what lies behind the picture of a file', () => {
  const tail = (bytes: Uint8Array, more: readonly number[] = []) =>
    decodeRaster(Uint8Array.from([...bytes, ...more]), 'x').behind ?? null;
  const png = [0x89, 0x50, 0x4e, 0x47, 1, 2, 3];

  test('of a TIFF, in strips or tiles, with a small copy, a text and directories of a camera', () => {
    const grey = { width: 3, height: 2, bits: 8, photometric: 1, data: [0, 1, 2, 100, 254, 255] };
    for (const little of [true, false]) {
      const plain = makeTiff(little, grey);
      assert.isNull(tail(plain));
      assert.deepEqual(tail(plain, png), { bytes: 7, picture: true });
      assert.deepEqual(tail(plain, [0, 0, 5, 0]), { bytes: 1, picture: false });
      // The end of the file is where a tag says that something lies: as long as it lies there it is nothing behind.
      const end = plain.length;
      for (const tag of [513, 330, 34665] as const) {
        const place = { [tag]: [4, [end]] } as const;
        const more = tag === 513 ? ({ ...place, 514: [4, [7]] } as const) : place;
        const directory = [0, 0, 0, 0, 0, 0];
        assert.isNull(tail(makeTiff(little, { ...grey, more }), tag === 513 ? png : directory), String(tag));
      }
      // Without numbers of bytes nobody knows where the picture ends.
      assert.isNull(tail(makeTiff(little, { ...grey, more: { 279: [4, []] } }), png));
    }
  });

  test('of a BMP', () => {
    const plain = makeBmp(1, 24, [[1, 2, 3]]);
    assert.isNull(tail(plain));
    assert.deepEqual(tail(plain, png), { bytes: 7, picture: true });
    assert.isNull(tail(plain, [0, 10, 0]));
  });
});
