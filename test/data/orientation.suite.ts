import { assert } from 'chai';
import { decodeImage, decodeRaster } from '../../src/data/decode.ts';
import { checkDataset, openInspected } from '../../src/data/layout/check.ts';
import { inventoryLines } from '../../src/data/layout/inventory.ts';
import { readMask } from '../../src/data/layout/open.ts';
import type { DataRules } from '../../src/data/layout/rules.ts';
import { type Orientation, turned } from '../../src/data/orientation.ts';
import { suite, test } from '../harness/registry.ts';
import { picture } from './datasets.ts';
import { expectFailure } from './expect_failure.ts';
import { fromBase64, JPEG_SAMPLES } from './jpeg_samples.ts';
import { MemoryFileSystem } from './memory_file_system.ts';
import { chunk, makePng } from './png_maker.ts';
import { makeTiff } from './tiff_maker.ts';

/** What EXIF is: a TIFF's tags, here the orientation alone. */
function exif(orientation: number, little = false): number[] {
  const short = (value: number) => (little ? [value, 0] : [0, value]);
  const long = (value: number) => (little ? [value, 0, 0, 0] : [0, 0, 0, value]);
  const order = little ? [0x49, 0x49, 42, 0] : [0x4d, 0x4d, 0, 42];
  const tag = little ? [0x12, 1] : [1, 0x12];
  return [...order, ...long(8), ...short(1), ...tag, ...short(3), ...long(1), ...short(orientation), 0, 0, ...long(0)];
}

/** A PNG with an eXIf chunk behind its header. */
function pngWith(file: Uint8Array, orientation: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...file.subarray(0, 33), ...chunk('eXIf', exif(orientation)), ...file.subarray(33)]);
}

/** A JPEG with an EXIF segment behind its start. */
function jpegWith(file: Uint8Array, orientation: number): Uint8Array {
  const data = [0x45, 0x78, 0x69, 0x66, 0, 0, ...exif(orientation, true)];
  return Uint8Array.from([0xff, 0xd8, 0xff, 0xe1, 0, data.length + 2, ...data, ...file.subarray(2)]);
}

/** Rows of letters as they are shown, of the stored `ab / cd / ef`. */
const SHOWN: Readonly<Record<number, string>> = {
  1: 'ab cd ef',
  2: 'ba dc fe',
  3: 'fe dc ba',
  4: 'ef cd ab',
  5: 'ace bdf',
  6: 'eca fdb',
  7: 'fdb eca',
  8: 'bdf ace',
};

const STORED = [...'abcdef'].map((letter) => letter.charCodeAt(0));

function rows({ width, data }: { width: number; data: ArrayLike<number> }): string {
  return String.fromCharCode(...Array.from(data)).replace(new RegExp(`(.{${width}})(?=.)`, 'g'), '$1 ');
}

suite('orientation', () => {
  test('PNG and TIFF are turned as EXIF defines it', () => {
    const png = makePng({ width: 2, height: 3, depth: 8, type: 0, samples: STORED });
    const tiff = { width: 2, height: 3, bits: 8, photometric: 1, data: STORED };
    for (const [number, shown] of Object.entries(SHOWN)) {
      assert.equal(rows(decodeImage(pngWith(png, Number(number)), 'x.png')), shown, number);
      for (const little of [true, false]) {
        const file = makeTiff(little, { ...tiff, more: { 274: [3, [Number(number)]] } });
        assert.equal(rows(decodeImage(file, 'x.tif')), shown, number);
      }
    }
    for (const nonsense of [0, 9, 200]) assert.equal(rows(decodeImage(pngWith(png, nonsense), 'x.png')), SHOWN[1]);
  });

  test('a JPEG is turned, in all its channels', () => {
    for (const name of ['grey', 'colour'] as const) {
      const file = fromBase64(JPEG_SAMPLES[name].file);
      const plain = decodeRaster(file, 'x.jpg');
      for (const orientation of [3, 6] as const) {
        const { data, width } = decodeRaster(jpegWith(file, orientation), 'x.jpg');
        assert.equal(width, orientation === 6 ? plain.height : plain.width);
        assert.deepEqual(data, turned(plain, orientation).data);
        assert.notDeepEqual(data, plain.data);
      }
    }
  });

  test('turning back gives the stored picture', () => {
    const image = decodeImage(picture('turn').image, 'x.png');
    const back: readonly Orientation[] = [1, 2, 3, 4, 5, 8, 7, 6];
    for (const [i, other] of back.entries()) {
      assert.deepEqual(turned(turned(image, (i + 1) as Orientation), other), image);
    }
  });
});

/** A pixel set whose first abnormal test image is turned, with a mask as given; pictures are 12×10, or square. */
function setWith(mask: Uint8Array, orientation: number, square = false): MemoryFileSystem {
  const cut = (file: Uint8Array) => {
    if (!square) return file;
    const { data } = decodeRaster(file, 'x.png');
    const samples = Array.from({ length: 100 }, (_, i) => data[12 * Math.floor(i / 10) + (i % 10)]);
    return makePng({ width: 10, height: 10, depth: 8, type: 0, samples });
  };
  const files: [string, Uint8Array][] = [];
  for (const split of ['valid', 'test']) {
    for (let i = 0; i < 3; i++) {
      const own = picture(`${split}.${i}`, 1);
      files.push([`/set/${split}/good/img/${i}.png`, cut(picture(`${split}.good.${i}`, 1).image)]);
      files.push([`/set/${split}/Ungood/img/${i}.png`, cut(own.image)]);
      files.push([`/set/${split}/Ungood/label/${i}.png`, cut(own.mask)]);
    }
  }
  const fs = new MemoryFileSystem(files);
  fs.files.set(`/set/test/Ungood/img/0.png`, pngWith(fs.files.get(`/set/test/Ungood/img/0.png`)!, orientation));
  fs.files.set(`/set/test/Ungood/label/0.png`, new Uint8Array(mask));
  return fs;
}

/** A mask whose first pixel alone is lesion. */
const corner = (width: number, height: number) =>
  makePng({ width, height, depth: 8, type: 0, samples: [255, ...Array(width * height - 1).fill(0)] });

/** Where the one lesion pixel of a mask lies. */
function place({ width, data }: { width: number; data: Uint8Array }): readonly number[] {
  const at = data.indexOf(255);
  return [at % width, Math.floor(at / width)];
}

async function lesionOf(fs: MemoryFileSystem, given: Partial<DataRules> = {}): Promise<readonly number[]> {
  const rules: Partial<DataRules> = { range: 'full', ...given };
  const { dataset } = await openInspected(fs, '/set', { rules });
  const sample = dataset.splits.test.find(({ id }) => id === 'test/Ungood/img/0.png')!;
  const image = decodeImage(await fs.readFile(sample.path), sample.path);
  const mask = await readMask(fs, sample.mask!, image);
  assert.deepEqual([mask.width, mask.height], [image.width, image.height]);
  return place(mask);
}

suite('masks of turned images', () => {
  test('sizes tell whether a mask is drawn over the image as it is shown or as it is stored', async () => {
    assert.deepEqual(await lesionOf(setWith(corner(10, 12), 6)), [0, 0], 'as shown');
    // Turned clockwise, the first stored pixel comes to lie at the top right.
    assert.deepEqual(await lesionOf(setWith(corner(12, 10), 6)), [9, 0], 'as stored');
  });

  test('a mask that says its own orientation is turned by it', async () => {
    assert.deepEqual(await lesionOf(setWith(pngWith(corner(10, 10), 1), 6, true)), [0, 0]);
    assert.deepEqual(await lesionOf(setWith(pngWith(corner(10, 10), 6), 6, true)), [9, 0]);
    assert.deepEqual(await lesionOf(setWith(pngWith(corner(10, 10), 3), 6, true)), [9, 9]);
  });

  test('a mask that fits turned and as stored is a question', async () => {
    for (const [fs, stored] of [
      [setWith(corner(10, 10), 6, true), [9, 0]],
      [setWith(corner(12, 10), 3), [11, 9]],
    ] as const) {
      await expectFailure('bad_data', [/nothing tells.*--mask\.orientation/], () => lesionOf(fs));
      assert.deepEqual(await lesionOf(fs, { 'mask.orientation': 'stored' }), stored);
      assert.deepEqual(await lesionOf(fs, { 'mask.orientation': 'shown' }), [0, 0]);
    }
  });

  test('turned images are counted, and a mask that fits neither way is refused', async () => {
    const lines = inventoryLines(await checkDataset(setWith(corner(10, 12), 8), '/set'));
    assert.include(lines.join('\n'), 'turned: 1 image by the orientation in the file');
    await expectFailure('bad_data', [/9×9 pixels for an image of 10×12/], () => lesionOf(setWith(corner(9, 9), 8)));
  });
});
