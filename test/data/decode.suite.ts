import { assert } from 'chai';
import fc from 'fast-check';
import { FusionclipError } from '../../src/base/errors.ts';
import { decodeImage, decodeMask } from '../../src/data/decode.ts';
import { toGrey, toRgb } from '../../src/data/image.ts';
import { rulePicture } from '../../src/data/picture.ts';
import { encodePng, encodePng16 } from '../../src/data/png.ts';
import { suite, test } from '../harness/registry.ts';
import { expectFailure } from './expect_failure.ts';
import { fromBase64, JPEG_SAMPLES } from './jpeg_samples.ts';
import { chunk, makePng, type PngRecipe } from './png_maker.ts';

const DEPTHS = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] } as const;
const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const;

/** A picture of every value a sample can have, and what it should be decoded to. */
function sampled(
  type: PngRecipe['type'],
  depth: PngRecipe['depth'],
  width: number,
  height: number,
  interlaced: boolean,
) {
  const samples = Array.from(
    { length: width * height * CHANNELS[type] },
    (_, i) => (i * 40503 + 7 * i * i) % 2 ** depth,
  );
  const palette = type === 3 ? Array.from({ length: 3 * 2 ** depth }, (_, i) => (i * 89) % 256) : undefined;
  const byte = (v: number) => (depth === 16 ? v >> 8 : (v * 255) / (2 ** depth - 1));
  let data = samples.map(byte);
  if (palette) data = samples.flatMap((v) => palette.slice(3 * v, 3 * v + 3));
  if (type === 4) data = data.flatMap((v, i) => (i % 2 === 0 ? [v, v, v, data[i + 1]] : []));
  return { recipe: { width, height, depth, type, samples, palette, interlaced }, data };
}

suite('image decoding', () => {
  for (const type of [0, 2, 3, 4, 6] as const) {
    for (const depth of DEPTHS[type]) {
      test(`reads PNG colour type ${type} with ${depth} bits${depth < 8 ? '' : ', plain and interlaced'}`, () => {
        for (const [width, height] of [
          [1, 1],
          [3, 9],
          [13, 6],
        ]) {
          for (const interlaced of depth < 8 ? [false] : [false, true]) {
            const { recipe, data } = sampled(type, depth, width, height, interlaced);
            const image = decodeImage(makePng(recipe), 'x.png');
            assert.equal(image.channels, type === 0 ? 1 : type === 2 || type === 3 ? 3 : 4);
            assert.deepEqual([image.width, image.height], [width, height]);
            assert.deepEqual(Array.from(image.data), data, `${width}×${height} interlaced ${interlaced}`);
          }
        }
      });
    }
  }

  test('reads back what it writes: grey, RGB, RGBA, 16-bit grey', () => {
    for (const channels of [1, 3, 4] as const) {
      const { image } = rulePicture('decode.round_trip', 1, 61, 40, channels, 1);
      assert.deepEqual(decodeImage(encodePng(image), 'x.png'), image);
    }
    const deep = Uint16Array.from({ length: 6 }, (_, i) => i * 13000);
    const high = Array.from(deep, (v) => v >> 8);
    assert.deepEqual(Array.from(decodeImage(encodePng16(3, 2, deep), 'x.png').data), high);
  });

  for (const [name, { file, pixels, width, height, channels }] of Object.entries(JPEG_SAMPLES)) {
    test(`reads a ${name} JPEG to the bit as Pillow`, () => {
      const image = decodeImage(fromBase64(file), 'x.jpg');
      assert.deepEqual([image.width, image.height, image.channels], [width, height, channels]);
      const expected = fromBase64(pixels);
      assert.deepEqual(image.data, expected);
    });
  }

  test('reads a file by its bytes, not by its name', () => {
    assert.equal(decodeImage(fromBase64(JPEG_SAMPLES.grey.file), 'wrong.png').channels, 1);
  });

  test('gamma, profiles and transparent grey levels of a PNG change nothing', () => {
    const plain = makePng({ width: 3, height: 1, depth: 8, type: 0, samples: [0, 7, 255] });
    for (const more of [chunk('gAMA', [0, 0, 0xb1, 0x8f]), chunk('iCCP', [65, 0, 0, 1]), chunk('tRNS', [0, 7])]) {
      const file = Uint8Array.from([...plain.subarray(0, 33), ...more, ...plain.subarray(33)]);
      assert.deepEqual(decodeImage(file, 'x.png'), decodeImage(plain, 'x.png'));
    }
  });

  test('converts to RGB and to grey as Pillow does', () => {
    const rgba = { width: 2, height: 1, channels: 4, data: Uint8Array.of(255, 0, 0, 0, 1, 200, 90, 255) } as const;
    assert.deepEqual(Array.from(toRgb(rgba).data), [255, 0, 0, 1, 200, 90]);
    assert.deepEqual(Array.from(toGrey(rgba).data), [76, 128]);
  });
});

suite('mask decoding', () => {
  test('takes every non-zero grey value for lesion', () => {
    const samples = [0, 1, 2, 254, 255, 0];
    const mask = decodeMask(makePng({ width: 3, height: 2, depth: 8, type: 0, samples }), 'm.png');
    assert.deepEqual(mask, { width: 3, height: 2, channels: 1, data: Uint8Array.of(0, 255, 255, 255, 255, 0) });
  });

  test('keeps small class codes of 16-bit masks', () => {
    const mask = decodeMask(encodePng16(4, 1, Uint16Array.of(0, 1, 4, 65535)), 'm.png');
    assert.deepEqual(Array.from(mask.data), [0, 255, 255, 255]);
  });

  test('takes what can be seen: alpha tells the lesion where all that is seen has one colour', () => {
    const masks: Readonly<Record<string, readonly [samples: number[], lesion: number[]]>> = {
      'opaque everywhere': [
        [0, 0, 0, 255, 9, 9, 9, 255],
        [0, 255],
      ],
      'white paint on transparent white': [
        [255, 255, 255, 0, 255, 255, 255, 200],
        [0, 255],
      ],
      'black paint on nothing': [
        [0, 0, 0, 255, 0, 0, 0, 0],
        [255, 0],
      ],
      'a colour that cannot be seen': [
        [0, 0, 0, 255, 7, 0, 0, 255, 90, 90, 90, 0],
        [0, 255, 0],
      ],
      'transparent everywhere': [
        [9, 9, 9, 0, 0, 0, 0, 0],
        [255, 0],
      ],
    };
    for (const [what, [samples, lesion]] of Object.entries(masks)) {
      const width = samples.length / 4;
      const mask = decodeMask(makePng({ width, height: 1, depth: 8, type: 6, samples }), 'm.png');
      assert.deepEqual(Array.from(mask.data), lesion, what);
    }
  });

  test('takes white for no lesion where that is said: inverted masks, and colours on white', () => {
    const grey = makePng({ width: 3, height: 1, depth: 8, type: 0, samples: [255, 0, 128] });
    assert.deepEqual(Array.from(decodeMask(grey, 'm.png', 'white').data), [0, 255, 255]);
    const palette = [255, 255, 255, 200, 0, 0];
    const colours = makePng({ width: 3, height: 1, depth: 8, type: 3, samples: [0, 1, 0], palette });
    assert.deepEqual(Array.from(decodeMask(colours, 'm.png').data), [255, 255, 255]);
    assert.deepEqual(Array.from(decodeMask(colours, 'm.png', 'white').data), [0, 255, 0]);
    const hole = makePng({ width: 2, height: 1, depth: 8, type: 6, samples: [5, 5, 5, 255, 5, 5, 5, 0] });
    assert.deepEqual(Array.from(decodeMask(hole, 'm.png', 'white').data), [0, 255]);
  });

  test('asks for one half in a JPEG, whose compression smears small values', () => {
    const { file } = JPEG_SAMPLES.grey;
    const grey = decodeImage(fromBase64(file), 'm.jpg');
    const mask = decodeMask(fromBase64(file), 'm.jpg');
    assert.deepEqual(
      Array.from(mask.data),
      Array.from(grey.data, (v) => (v >= 128 ? 255 : 0)),
    );
  });
});

suite('damaged and foreign images', () => {
  const png = encodePng(rulePicture('decode.damage', 1, 40, 30, 3, 1).image);
  const jpeg = fromBase64(JPEG_SAMPLES.colour.file);

  test('a truncated PNG is refused at every length', async () => {
    for (let length = 8; length < png.length; length += 97) {
      await expectFailure('bad_image', [/cut\.png/, /truncated/], () =>
        decodeImage(png.subarray(0, length), 'cut.png'),
      );
    }
  });

  test('a truncated JPEG is refused and not filled with grey', async () => {
    for (let length = 4; length < jpeg.length; length += 31) {
      await expectFailure('bad_image', [/cut\.jpg/], () => decodeImage(jpeg.subarray(0, length), 'cut.jpg'));
    }
  });

  test('a changed byte in any PNG chunk is found by its checksum', async () => {
    for (const at of [20, 45, 200, png.length - 6]) {
      const bytes = png.slice();
      bytes[at] ^= 4;
      await expectFailure('bad_image', [/x\.png/], () => decodeImage(bytes, 'x.png'));
    }
  });

  test('a huge picture claimed by a small file is refused before memory is taken', async () => {
    const header = (w: number) => [0, 0, w >> 8, w & 255, 0, 0, w >> 8, w & 255, 8, 6, 0, 0, 0];
    for (const side of [9000, 60000]) {
      const bytes = [...png.subarray(0, 8), ...chunk('IHDR', header(side)), ...chunk('IDAT', [0x78, 1, 3, 0])];
      const file = Uint8Array.from([...bytes, ...chunk('IEND', [])]);
      await expectFailure('bad_image', [/too many|fewer pixels/], () => decodeImage(file, 'bomb.png'));
    }
    const sof = jpeg.findIndex((_, i) => jpeg[i] === 0xff && jpeg[i + 1] === 0xc0);
    const claim = jpeg.slice();
    claim.set([0x20, 0, 0x20, 0], sof + 5);
    await expectFailure('bad_image', [/fewer pixels/], () => decodeImage(claim, 'bomb.jpg'));
  });

  test('a stream that ends before the picture is refused, at every row', async () => {
    const width = 3;
    for (const [rows, claimed] of [
      [1, 2],
      [2, 3],
      [3, 40],
    ]) {
      const file = makePng({ width, height: rows, depth: 8, type: 0, samples: Array(width * rows).fill(7) });
      file.set(chunk('IHDR', [0, 0, 0, width, 0, 0, 0, claimed, 8, 0, 0, 0, 0]), 8);
      await expectFailure('bad_image', [/x\.png/, /filter|ends/], () => decodeImage(file, 'x.png'));
    }
  });

  test('a stream far longer than its picture is refused before it is unpacked', async () => {
    const file = makePng({ width: 1, height: 1, depth: 8, type: 0, samples: [9] });
    const bytes = [...file.subarray(0, 33), ...chunk('IDAT', Array(70_000).fill(0)), ...chunk('IEND', [])];
    await expectFailure('bad_image', [/more pixels/], () => decodeImage(Uint8Array.from(bytes), 'bomb.png'));
  });

  test('interlaced samples of less than a byte are refused', async () => {
    const { recipe } = sampled(0, 4, 13, 6, true);
    await expectFailure('bad_image', [/interlaced, with 4 bits/], () => decodeImage(makePng(recipe), 'x.png'));
  });

  test('a palette index past the palette is refused', async () => {
    const file = makePng({ width: 1, height: 1, depth: 8, type: 3, samples: [2], palette: [0, 0, 0, 9, 9, 9] });
    await expectFailure('bad_image', [/palette/], () => decodeImage(file, 'x.png'));
  });

  test('other formats are named, with what to do', async () => {
    const text = (at: number, s: string, length = 400) => {
      const bytes = new Uint8Array(length);
      bytes.set(new TextEncoder().encode(s), at);
      return bytes;
    };
    for (const [bytes, name, pattern] of [
      [new Uint8Array(0), 'a.png', /empty file/],
      [text(128, 'DICM'), 'a.png', /DICOM.*export its frames as PNG/],
      [new Uint8Array(200), 'a.dcm', /DICOM/],
      [text(344, 'n+1'), 'a.nii', /NIfTI.*slices/],
      [Uint8Array.of(0x1f, 0x8b, 8, 0), 'a.nii.gz', /gzip/],
      [text(0, 'GIF89a'), 'a.gif', /a GIF; only PNG, JPEG, TIFF and BMP are read: convert it to PNG/],
      [text(8, 'WEBP'), 'a.png', /WebP/],
      [Uint8Array.of(0xff, 0x4f, 0xff, 0x51, 0), 'a.jpg', /JPEG 2000/],
      [text(4, 'JXL '), 'a.jpg', /JPEG XL/],
      [Uint8Array.of(0xff, 0x0a, 0), 'a.jpg', /JPEG XL/],
      [Uint8Array.of(0x49, 0x49, 0xbc, 1), 'a.jpg', /JPEG XR/],
      [Uint8Array.of(0xff, 0xd8, 0xff, 0xf7, 0, 11, 8, 0, 1, 0, 1, 1, 1, 17, 0), 'a.jpg', /JPEG-LS.*convert it to PNG/],
      [text(0, 'version https://git-lfs.github.com/spec/v1'), 'a.png', /git lfs pull/],
      [text(0, 'hello'), 'a.png', /neither PNG, JPEG, TIFF nor BMP/],
      [text(0, '<!doctype html><title>404</title>'), 'a.png', /an HTML page.*download the image itself/],
      [text(0, '\n  <HTML lang="en">'), 'a.jpg', /an HTML page/],
      [text(0, '\ufeff<?xml version="1.0"?>\n<svg width="1"/>'), 'a.png', /an SVG drawing.*export it as PNG/],
      [text(0, '<?xml version="1.0"?><Error>'), 'a.png', /an XML text.*download the image itself/],
      [text(0, '{"error": "not found"}'), 'a.png', /a JSON text/],
      [new Uint8Array(300), 'a.png', /a file of zeros.*copy it again/],
    ] as const) {
      await expectFailure('bad_image', [new RegExp(name), pattern], () => decodeImage(bytes, name));
    }
  });

  test('a whole picture of a kind that is not read is not called damaged, and the advice helps', async () => {
    const sof = jpeg.findIndex((_, i) => jpeg[i] === 0xff && jpeg[i + 1] === 0xc0);
    const changed = (...bytes: [at: number, value: number][]) => {
      const file = jpeg.slice();
      for (const [at, value] of bytes) file[sof + at] = value;
      return file;
    };
    const four = [0xff, 0xc0, 0, 20, 8, 0, 1, 0, 1, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0];
    const scan = [0xff, 0xda, 0, 14, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0, 0xff, 0xd9];
    const header = [0, 0, 0x2e, 0xe0, 0, 0, 0x2e, 0xe0, 1, 0, 0, 0, 0]; // 12,000 squared
    const large = [...png.subarray(0, 8), ...chunk('IHDR', header), ...chunk('IDAT', Array(20_000).fill(0))];
    const animated = [...png.subarray(0, 33), ...chunk('acTL', [0, 0, 0, 3, 0, 0, 0, 0]), ...png.subarray(33)];
    const cases: [Uint8Array, RegExp][] = [
      [changed([4, 12]), /12 bits a sample\); convert it to a 16-bit PNG/],
      [changed([1, 0xc3]), /coding is lossless or hierarchical\); convert it to PNG/],
      [changed([1, 0xc9]), /coding is arithmetic\); convert it to PNG/],
      [Uint8Array.from([0xff, 0xd8, ...four, ...scan]), /CMYK\) without Adobe's marker.*convert it to RGB/],
      [Uint8Array.from([...large, ...chunk('IEND', [])]), /12000×12000 pixels, 144 million.*make it smaller/],
      [Uint8Array.from(animated), /an animation of 3 pictures.*files of their own/],
      [Uint8Array.from([...png.subarray(0, 8), ...chunk('CgBI', [0, 0, 0, 0])]), /Apple's own kind/],
    ];
    for (const [bytes, pattern] of cases) {
      await expectFailure('bad_image', [/x: this kind of/, pattern], () => decodeImage(bytes, 'x'));
    }
  });

  test('no change of bytes makes the decoder hang or throw anything but a FusionclipError', () => {
    const files = [png, ...Object.values(JPEG_SAMPLES).map(({ file }) => fromBase64(file))];
    const change = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.nat(files.length - 1), change, fc.nat(400), (which, changes, cut) => {
        const bytes = files[which].slice(0, Math.max(0, files[which].length - (cut > 300 ? cut : 0)));
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        try {
          const image = decodeImage(bytes, 'fuzz');
          assert.equal(image.data.length, image.width * image.height * image.channels);
        } catch (error) {
          assert.instanceOf(error, FusionclipError);
        }
      }),
      { numRuns: 400, seed: 7 },
    );
  });

  test('a PNG with right checksums and a damaged stream fails as a FusionclipError', () => {
    const { recipe } = sampled(2, 8, 9, 9, false);
    const file = makePng(recipe);
    const start = 8 + 25 + 8;
    const stream = Array.from(
      png.subarray(png.findIndex((_, i) => String.fromCharCode(...png.subarray(i, i + 4)) === 'IDAT') + 4),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 4 }),
        fc.boolean(),
        (changes, compressed) => {
          const data = compressed ? stream.slice(0, -16) : Array.from(file.subarray(start, -16));
          for (const [at, value] of changes) data[at % data.length] = value;
          const head = compressed ? png.subarray(0, 33) : file.subarray(0, 33);
          const bytes = Uint8Array.from([...head, ...chunk('IDAT', data), ...chunk('IEND', [])]);
          try {
            decodeImage(bytes, 'fuzz');
          } catch (error) {
            assert.instanceOf(error, FusionclipError);
          }
        },
      ),
      { numRuns: 400, seed: 7 },
    );
  });
});
