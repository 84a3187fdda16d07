import { assert } from 'chai';
import { resolveOptions } from '../../src/base/option.ts';
import { decodeImage, decodeRaster } from '../../src/data/decode.ts';
import { checkDataset, openInspected } from '../../src/data/layout/check.ts';
import { inventoryLines } from '../../src/data/layout/inventory.ts';
import { DATA_OPTIONS, type DataRules } from '../../src/data/layout/rules.ts';
import { rulePicture } from '../../src/data/picture.ts';
import { chooseRule, ruleLine } from '../../src/data/range/choose.ts';
import { fittingRange } from '../../src/data/range/judge.ts';
import { readRuled } from '../../src/data/range/read.ts';
import { applyRule, FULL, givenRule, levelOf } from '../../src/data/range/rule.ts';
import { valueFacts } from '../../src/data/range/values.ts';
import { suite, test } from '../harness/registry.ts';
import { expectFailure } from './expect_failure.ts';
import { MemoryFileSystem } from './memory_file_system.ts';
import { makePng } from './png_maker.ts';
import { makeTiff } from './tiff_maker.ts';

const [WIDTH, HEIGHT] = [24, 20];

/** Grey levels of a picture from black to white, every one its own. */
function levels(name: string): number[] {
  const { data } = rulePicture(name, 3, WIDTH, HEIGHT, 1, 2).image;
  const [low, high] = [Math.min(...data), Math.max(...data)];
  return Array.from(data, (value) => Math.round((255 * (value - low)) / (high - low)));
}

/** A grey PNG of 8 or 16 bits. */
function png(samples: readonly number[], depth: 8 | 16 = 16): Uint8Array {
  return makePng({ width: WIDTH, height: HEIGHT, depth, type: 0, samples });
}

/** A set at `/set` whose files are made of grey levels. */
function setOf(file: (samples: number[], name: string) => Uint8Array, ending = 'png'): MemoryFileSystem {
  const files: [string, Uint8Array][] = [];
  for (const split of ['valid', 'test']) {
    for (const name of ['good', 'Ungood']) {
      for (let i = 0; i < 4; i++) {
        const path = `${split}/${name}/${i}`;
        files.push([`/set/${path}.${ending}`, file(levels(path), path)]);
      }
    }
  }
  return new MemoryFileSystem(files);
}

const open = (fs: MemoryFileSystem, rules: Partial<DataRules> = {}) => openInspected(fs, '/set', { rules });

const NAMES = ['valid/good/0', 'test/Ungood/3'];

suite('the range of values', () => {
  test('the range that is used leaves out whole pixels: one in a thousand at either end, or five', () => {
    const data = Uint16Array.from({ length: 1500 }, (_, i) => (7 * i) % 1500);
    const { low, high, inner } = valueFacts({ width: 50, height: 30, channels: 1, bits: 16, data });
    assert.deepEqual([low, high, ...inner], [1, 1498, 7, 1492]);
  });

  test('a set has the mean of the levels of its images, and those of one value say nothing', () => {
    const facts = (low: number, high: number) =>
      valueFacts({
        width: 40,
        height: 1,
        channels: 1,
        bits: 8,
        data: Uint8Array.from({ length: 40 }, (_, i) => (i < 20 ? low : high)),
      });
    const { profile, limit } = chooseRule('auto', [facts(0, 200), facts(51, 100), facts(7, 7)]);
    assert.deepEqual([...new Set(profile)], [25.5, 150]);
    assert.equal(limit, 128); // of two images a quarter of all levels, twice
    assert.deepEqual(chooseRule('auto', [facts(7, 7)]).profile, null);
  });

  for (const bits of [10, 12, 14, 16]) {
    test(`values of 10, 12, 14 and 16 bits give the picture of 8 bits: ${bits}`, async () => {
      const scale = 2 ** (bits - 8);
      const fs = setOf((samples) => png(samples.map((v, i) => v * scale + (i % scale))));
      const { grey, inventory } = await open(fs);
      for (const name of NAMES) {
        const path = `/set/${name}.png`;
        assert.deepEqual([...decodeImage(await fs.readFile(path), path, grey).data], levels(name));
        assert.deepEqual([...readRuled(await fs.readFile(path), path, grey).data], levels(name));
      }
      const line =
        bits === 16
          ? /over their whole range \(auto\)/
          : new RegExp(`as 0 to ${2 ** bits - 1}, ${bits} of 16 bits \\(auto\\)`);
      assert.match(inventoryLines(inventory).join('\n'), line);
      assert.match(inventoryLines(inventory).join('\n'), /values: 16 bits \(16\), \d+ to \d+ in the files/);
    });
  }

  test('values at an offset, with a sign or after the point are read over what they use together', async () => {
    const hounsfield = (v: number) => 1024 + v; // 1024 to 1279 of 2048
    const offset = await open(setOf((samples) => png(samples.map(hounsfield))));
    assert.deepEqual(offset.grey.ranges.uint16, [1024, 1279]);
    const tiff = (bits: number, format: number, data: ArrayBufferLike) =>
      makeTiff(true, {
        ...{ width: WIDTH, height: HEIGHT, bits, photometric: 1, data: [...new Uint8Array(data)] },
        more: { 339: [3, [format]] },
      });
    const sets = {
      int16: setOf((samples) => tiff(16, 2, Int16Array.from(samples, (v) => 4 * v - 1000).buffer), 'tif'),
      float32: setOf((samples) => tiff(32, 3, Float32Array.from(samples, (v) => v / 255).buffer), 'tif'),
    };
    const { grey: signed } = await open(sets.int16);
    assert.deepEqual(signed.ranges.int16, [-1000, 20]);
    const { grey: real } = await open(sets.float32);
    assert.deepEqual(real.ranges.float32, [0, 1]);
    for (const [fs, grey] of [
      [sets.int16, signed],
      [sets.float32, real],
    ] as const) {
      const path = `/set/${NAMES[1]}.tif`;
      const { data } = decodeImage(await fs.readFile(path), path, grey);
      for (const [i, level] of levels(NAMES[1]).entries()) assert.closeTo(data[i], level, 1);
    }
  });

  test('a rule is said by its numbers, with the bits that they are all of', () => {
    const said = (uint16: readonly [number, number], given = false) =>
      ruleLine({ ...FULL, ranges: { uint16 }, given }, ['uint16']);
    assert.equal(said([0, 1023]), 'values are read as 0 to 1023, 10 of 16 bits (auto)');
    assert.equal(said([0, 1000]), 'values are read as 0 to 1000 (auto)');
    assert.equal(said([1, 1023]), 'values are read as 1 to 1023 (auto)');
    assert.equal(said([0, 1023], true), 'values are read as 0 to 1023 (as given)');
    assert.equal(said([0, 65535]), 'values are read over their whole range (auto)');
  });

  test('floating-point numbers that fill a quarter of 0 to 1, or to 255, have that range; others their own', () => {
    const rangeOf = (low: number, high: number) => {
      const data = Float32Array.from({ length: 101 }, (_, i) => low + ((high - low) * i) / 100);
      return fittingRange(valueFacts({ width: 101, height: 1, channels: 1, bits: 32, data })).map(
        (v) => Math.round(100 * v) / 100,
      );
    };
    assert.deepEqual(rangeOf(0.1, 0.9), [0, 1]);
    assert.deepEqual(rangeOf(0.1, 0.3), [0.1, 0.3]);
    assert.deepEqual(rangeOf(3, 200), [0, 255]);
    assert.deepEqual(rangeOf(3, 300), [3, 300]);
    assert.deepEqual(rangeOf(-0.1, 0.9), [-0.1, 0.9]);
  });

  test('negative numbers that are written as large ones are refused, and read with a range below 0', async () => {
    const fs = setOf((samples) => png(samples.map((v) => (4 * v - 500 + 65536) % 65536)));
    await expectFailure('bad_data', [/numbers with a sign/, /--range -500,520 or/], () => open(fs));
    const { grey } = await open(fs, { range: [-500, 523] });
    const path = `/set/${NAMES[0]}.png`;
    assert.deepEqual([...decodeImage(await fs.readFile(path), path, grey).data], levels(NAMES[0]));
  });

  test('of a set, one image of other values is refused, by file and kind, or told of where the range is given', async () => {
    const dark = (path: string, change: (v: number) => number, depth: 8 | 16 = 8) => {
      const fs = setOf((samples) => png(samples, 8));
      fs.files.set(`/set/${path}.png`, new Uint8Array(png(levels(path).map(change), depth)));
      return fs;
    };
    const cases = {
      '16 of 256 levels': [dark('test/good/0', (v) => v >> 4), /0 to 15 alone, less than a quarter of 0 to 255/],
      '12 bits among 8': [dark('test/good/0', (v) => 16 * v, 16), /16-bit values from 0 to 4080 alone.*--range 0,4095/],
      'narrow in valid': [dark('valid/good/0', (v) => 100 + (v >> 3)), /100 to 131 alone/],
      brighter: [dark('test/Ungood/1', (v) => 190 + (v >> 2)), /190 to 253 alone|brighter/],
    } as const;
    for (const [what, [fs, pattern]] of Object.entries(cases)) {
      await expectFailure('bad_data', [pattern, /--range/], () => open(fs));
      const { problems, ok } = await checkDataset(fs, '/set', { rules: { range: 'full' } });
      assert.isTrue(ok, what);
      if (!what.startsWith('12'))
        assert.deepEqual(
          problems.map(({ kind }) => kind),
          ['odd_values'],
          what,
        );
      assert.isTrue((await checkDataset(fs, '/set', { rules: { range: 'percentile' } })).ok, what);
    }
  });

  test('an image that is inverted, or of other values than those of the run, is refused when it is scored', async () => {
    const darkish = (v: number) => Math.round(v ** 3 / 255 ** 2);
    const { grey } = await open(setOf((samples) => png(samples.map(darkish), 8)));
    const score = (samples: readonly number[], depth: 8 | 16 = 8) => readRuled(png(samples, depth), 'x.png', grey);
    const own = levels('new').map(darkish);
    assert.deepEqual([...score(own).data], own);
    assert.deepEqual(
      [
        ...score(
          own.map((v) => 256 * v),
          16,
        ).data,
      ],
      own,
      '16 bits that are used',
    );
    await expectFailure('bad_image', [/x\.png looks inverted.*--range full/], () => score(own.map((v) => 255 - v)));
    await expectFailure('bad_image', [/x\.png has 16-bit values.*--range 0,4095/], () =>
      score(
        own.map((v) => 16 * v),
        16,
      ),
    );
    await expectFailure('bad_image', [/x\.png has values from 0 to 31 alone/], () => score(own.map((v) => v >> 3)));
    const twelve = { ...grey, ranges: { ...grey.ranges, uint16: [0, 4095] as const } };
    await expectFailure('bad_image', [/x\.png has values from 0 to 65280.*outside of 0 to 4095/], () =>
      readRuled(
        png(
          own.map((v) => 256 * v),
          16,
        ),
        'x.png',
        twelve,
      ),
    );
    const said: string[] = [];
    const say = (text: string) => void said.push(text);
    readRuled(
      png(
        own.map((v) => 255 - v),
        8,
      ),
      'x.png',
      { ...grey, given: true },
      { say },
    );
    readRuled(png(own.fill(0), 8), 'x.png', grey, { say });
    assert.match(said.join('\n'), /^x\.png looks inverted.*\nx\.png is black/);
  });

  test('of pictures of one thing, inverted ones are refused, however many and whatever their histogram, and turned ones are not', async () => {
    // As many dark pixels as bright ones, so that a picture and its negative have one histogram.
    const scan = (path: string, from: number) =>
      levels(path).map((v, i) => Math.round(0.2 * v + 204 * Number((i + from) % WIDTH < WIDTH / 2)));
    const set = (which: RegExp, change: (samples: number[]) => number[], from = WIDTH / 4) =>
      setOf((_, path) => png(which.test(path) ? change(scan(path, from)) : scan(path, from), 8));
    const inverted = (samples: number[]) => samples.map((v) => 255 - v);
    const turned = (samples: number[]) => [...samples].reverse();
    const of = async (fs: MemoryFileSystem, rules = {}) => {
      const { ok, problems } = await checkDataset(fs, '/set', { rules });
      return [ok, ...problems.map(({ path, message }) => `${path}: ${message}`)].join(' ');
    };
    const HALF =
      /^false \/set\/valid\/\S*0\.png: it and 3 more of 16 images have dark what is bright in the others.*; invert these/;
    assert.match(await of(set(/valid.*[01]$/, inverted)), HALF);
    assert.match(
      await of(set(/test.good.2$/, inverted)),
      /^false \/set\/test\/good\/2\.png: it has dark .*--range full$/,
    );
    // What is bright above and dark below agrees with none of the others, so it does not tell how they go together.
    const slope = (_: number, i: number) => 13 * Math.floor(i / WIDTH);
    const across = setOf((samples, path) => {
      if (path === 'valid/good/0') return png(samples.map(slope), 8);
      const own = scan(path, WIDTH / 4);
      return png(/[01]$/.test(path) ? inverted(own) : own, 8);
    });
    assert.match(await of(across), /^false .*have dark what is bright/);
    assert.match(await of(set(/valid.*[01]$/, inverted), { range: 'full' }), /^true .* as inverted images have$/);
    assert.equal(await of(set(/none/, inverted)), 'true');
    // What is bright on the left is bright on the right in these.
    assert.match(await of(set(/valid.*[01]$/, turned, 0)), /^true \S+: it fits the other images better mirrored/);
    assert.equal(await of(setOf((samples, path) => png(/[01]$/.test(path) ? inverted(samples) : samples, 8))), 'true');
  });

  test('percentile leaves five pixels of a thousand at either end, of each image by itself', () => {
    const samples = Array.from({ length: 1000 }, (_, i) => 2000 + i);
    const raster = decodeRaster(makePng({ width: 50, height: 20, depth: 16, type: 0, samples }), 'x.png');
    assert.deepEqual(valueFacts(raster).inner, [2005, 2994]);
    const { data } = applyRule(raster, givenRule('percentile')!);
    assert.deepEqual([data[0], data[5], data[994], data[999]], [0, 0, 255, 255]);
    assert.equal(data[500], Math.floor((495 * 256) / 990));
  });

  test('a mask that was a JPEG has two values; an even organ on black, and bones in an even body, have not', () => {
    const twoValued = (level: (i: number) => number) => {
      const data = Uint8Array.from({ length: 1000 }, (_, i) => level(i));
      return valueFacts({ width: 50, height: 20, channels: 1, bits: 8, data }).twoValued;
    };
    const noise = (i: number) => ((7 * i) % 13) - 6;
    assert.isTrue(twoValued((i) => (i < 600 ? 0 : i < 640 ? 10 * (i % 20) : i < 760 ? 250 + (i % 5) : 255)));
    assert.isFalse(twoValued((i) => (i < 600 ? 0 : 185 + noise(i))));
    assert.isFalse(twoValued((i) => (i < 600 ? 6 + noise(i) : 255)));
  });

  test('of whole numbers as many fall on each level; alpha is no value', () => {
    const count = new Map<number, number>();
    for (let v = 0; v < 4096; v++)
      count.set(levelOf(v, [0, 4095], true), (count.get(levelOf(v, [0, 4095], true)) ?? 0) + 1);
    assert.deepEqual([count.size, new Set(count.values())], [256, new Set([16])]);
    assert.deepEqual(
      [levelOf(-1, [0, 1], false), levelOf(0.5, [0, 1], false), levelOf(1, [0, 1], false)],
      [0, 128, 255],
    );
    const file = makePng({ width: 1, height: 1, depth: 16, type: 6, samples: [4095, 2048, 0, 65535] });
    const rule = { ...FULL, ranges: { uint16: [0, 4095] as const } };
    assert.deepEqual([...decodeImage(file, 'x.png', rule).data], [255, 128, 0, 255]);
  });

  test('the flag takes a word or two numbers', () => {
    const read = (range: string) => resolveOptions(DATA_OPTIONS, { range }).range;
    assert.deepEqual([read('percentile'), read('-1000,400')], ['percentile', [-1000, 400]]);
    for (const wrong of ['5', '5,4', '1,2,3', 'a,b', ',1', 'half']) {
      assert.throws(() => read(wrong), /auto\|full\|percentile\|LOW,HIGH/);
    }
  });

  test('constant images are said, and no reason to stop', async () => {
    const fs = setOf((samples) => png(samples, 8));
    fs.files.set('/set/test/good/1.png', new Uint8Array(png(Array(WIDTH * HEIGHT).fill(0), 8)));
    const { ok, problems } = await checkDataset(fs, '/set');
    assert.deepEqual(
      [ok, problems.map(({ kind, message }) => `${kind}: ${message}`)],
      [true, ['constant_image: the image is black']],
    );
  });
});
