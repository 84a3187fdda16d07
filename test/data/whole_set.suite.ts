import { assert } from 'chai';
import { checkDataset } from '../../src/data/layout/check.ts';
import { type Inventory, inventoryLines } from '../../src/data/layout/inventory.ts';
import { openDataset, readMask } from '../../src/data/layout/open.ts';
import type { DataRules } from '../../src/data/layout/rules.ts';
import { encodePng } from '../../src/data/png.ts';
import { suite, test } from '../harness/registry.ts';
import { picture } from './datasets.ts';
import { fromBase64, JPEG_SAMPLES } from './jpeg_samples.ts';
import { MemoryFileSystem } from './memory_file_system.ts';
import { makePng } from './png_maker.ts';

/** Files by path below `/set`; a number makes a picture of its own. */
function setOf(files: Readonly<Record<string, Uint8Array | null>>): MemoryFileSystem {
  return new MemoryFileSystem(
    Object.entries(files).map(([path, bytes]) => [`/set/${path}`, new Uint8Array(bytes ?? picture(path).image)]),
  );
}

const each = (paths: readonly string[], of: (path: string, i: number) => Uint8Array | null = () => null) =>
  Object.fromEntries(paths.map((path, i) => [path, of(path, i)]));
const four = (folder: string) => [0, 1, 2, 3].map((i) => `${folder}/${i}.png`);
const check = (fs: MemoryFileSystem, rules: Partial<DataRules> = {}) => checkDataset(fs, '/set', { rules });
const told = ({ problems }: Inventory) => problems.map(({ kind, severity, path }) => `${severity} ${kind} ${path}`);
const grey = (width: number, samples: readonly number[], depth: 2 | 8 | 16 = 8) =>
  makePng({ width, height: samples.length / width, depth, type: 0, samples });

suite('what the images of a set show together', () => {
  test('one picture under both labels needs a decision; a blank one has nothing to be wrong about', async () => {
    const files = { ...each(four('good')), ...each(four('bad')) };
    const twice = picture('twice').image;
    const report = await check(setOf({ ...files, 'good/a.png': twice, 'bad/b.png': twice }));
    assert.deepEqual(told(report), ['error both_labels /set/good/a.png']);
    assert.deepEqual(report.problems[0].leave, ['good/a.png', 'bad/b.png']);
    assert.isTrue((await check(setOf({ ...files, 'good/a.png': twice, 'bad/b.png': twice }), { skip: ['b.png'] })).ok);
    const blank = grey(12, new Array(120).fill(9));
    const both = await check(setOf({ ...files, 'good/a.png': blank, 'bad/b.png': blank }));
    assert.deepEqual([both.ok, new Set(both.problems.map(({ kind }) => kind))], [true, new Set(['constant_image'])]);
  });

  test('a label of which nothing can be seen is refused, with alpha named where the picture may lie in it', async () => {
    const inAlpha = (_: string, i: number) => {
      const samples = Array.from({ length: 480 }, (_, k) => (k % 4 === 3 ? (k * (i + 3)) % 256 : 0));
      return makePng({ width: 12, height: 10, depth: 8, type: 6, samples });
    };
    const black = await check(setOf({ ...each(four('good')), ...each(four('bad'), inAlpha) }));
    assert.isFalse(black.ok);
    assert.match(black.problems.at(-1)!.message, /all 4 abnormal images.*lies in alpha/);
    const one = (_: string, i: number) => (i === 0 ? inAlpha('', 0) : null);
    assert.isTrue((await check(setOf({ ...each(four('good')), ...each(four('bad'), one) }))).ok);
  });

  test('labels that size or JPEG tells apart are said', async () => {
    const wide = (_: string, i: number) =>
      grey(
        20,
        Array.from({ length: 120 }, (_, k) => (k * (2 * i + 3)) % 256),
      );
    const bySize = await check(setOf({ ...each(four('good')), ...each(four('bad'), wide) }));
    assert.deepEqual([told(bySize), bySize.ok], [['warning told_apart /set'], true]);
    assert.match(bySize.problems[0].message, /normal: 12×10; abnormal: 20×6/);
    const mixed = (path: string, i: number) => (i === 0 ? null : wide(path, i));
    assert.deepEqual(told(await check(setOf({ ...each(four('good')), ...each(four('bad'), mixed) }))), []);
    const own = (seed: number) => (_: string, i: number) =>
      grey(
        i + seed,
        Array.from({ length: 10 * (i + seed) }, (_, k) => (k * 53) % 256),
      );
    assert.deepEqual(told(await check(setOf({ ...each(four('good'), own(10)), ...each(four('bad'), own(20)) }))), []);
    const jpeg = fromBase64(JPEG_SAMPLES.grey.file);
    const sized = (_: string, i: number) =>
      grey(
        19,
        Array.from({ length: 247 }, (_, k) => (k * (2 * i + 3)) % 256),
      );
    const byFormat = await check(setOf({ ...each(four('good'), sized), ...each(four('bad'), () => jpeg) }));
    assert.include(told(byFormat), 'warning told_apart /set');
    assert.match(byFormat.problems.find(({ kind }) => kind === 'told_apart')!.message, /normal: PNG; abnormal: JPEG/);
  });

  test('thumbnails and splits below a class are said, and what systems keep is left out', async () => {
    const plain = { ...each(four('good')), ...each(four('bad')) };
    const small = await check(setOf({ ...plain, 'good/p1/thumbnails/0.png': null, 'good/p1/5.png': null }));
    assert.deepEqual(told(small), ['warning odd_folder /set/good/p1/thumbnails']);
    assert.match(small.problems[0].message, /1 image in a folder of this name.*--skip thumbnails/);
    const splits = await check(
      setOf(each(['train', 'test'].flatMap((s) => [...four(`good/${s}`), ...four(`bad/${s}`)]))),
    );
    assert.deepEqual(told(splits), ['warning split_below /set/bad/test']);
    assert.match(splits.problems[0].message, /above the classes: test\/bad/);
    const systems = { 'good/@eaDir/0.png/THUMB_M.png': null, '$RECYCLE.BIN/a.png': null, '@eaDir/good/x.png': null };
    const kept = await check(setOf({ ...plain, ...systems }));
    assert.deepEqual([kept.ok, told(kept), kept.leftOut[0].why, kept.leftOut[0].count], [true, [], 'hidden', 3]);
  });

  test('images of one size are one size, grey or not, and many equal files are a short line', async () => {
    const colour = makePng({
      ...{ width: 12, height: 10, depth: 8, type: 2 },
      samples: Array.from({ length: 360 }, (_, k) => (k * 7) % 256),
    });
    const same = picture('same').image;
    const files = { ...each(four('good'), () => same), 'good/4.png': same, 'good/5.png': same, ...each(four('bad')) };
    const lines = inventoryLines(await check(setOf({ ...files, 'good/c.png': colour }))).join('\n');
    assert.include(lines, 'sizes: 12×10 (11)\nshape: 11 images of 11 not square, stretched to the square');
    assert.match(lines, /e\.g\. good\/0\.png = good\/1\.png = good\/2\.png = 3 more;/);
  });
});

suite('what the masks of a set show together', () => {
  const images = { ...each(four('good')), ...each(four('bad')) };
  const masked = (of: (path: string, i: number) => Uint8Array) => setOf({ ...images, ...each(four('masks'), of) });
  /** An organ of ones in the first two rows, in it a lesion of twos, another one in each. */
  const organ = (_: string, i: number, depth: 2 | 8 | 16 = 8) =>
    grey(
      12,
      Array.from({ length: 120 }, (_, k) => (k >= 24 + i ? 0 : k === i || k === i + 1 ? 2 : 1)),
      depth,
    );

  test('codes of several things are said, and a flag takes one of them alone', async () => {
    for (const depth of [8, 16, 2] as const) {
      const fs = masked((path, i) => organ(path, i, depth));
      const report = await check(fs);
      assert.deepEqual([told(report), report.ok], [['warning mask_values /set/masks/0.png'], true]);
      assert.match(report.problems[0].message, /the values 1 and 2, and each.*--mask\.values 2/);
      const rules = { 'mask.values': [2] };
      assert.deepEqual(told(await check(fs, rules)), []);
      const sizes = async (given: Partial<DataRules>) => {
        const { splits } = await openDataset(fs, '/set', given);
        const masks = [...splits.valid, ...splits.test].flatMap(({ mask }) => mask ?? []);
        const read = await Promise.all(masks.map((mask) => readMask(fs, mask)));
        return read.map(({ data }) => data.filter((value) => value > 0).length).sort();
      };
      assert.deepEqual(
        [await sizes({}), await sizes(rules)],
        [
          [24, 25, 26, 27],
          [2, 2, 2, 2],
        ],
      );
    }
    const absent = await check(
      masked((path, i) => organ(path, i)),
      { 'mask.values': [2, 7] },
    );
    assert.match(absent.problems[0].message, /no mask holds the value 7 of --mask\.values; they hold 1, 2/);
  });

  test('outlines in place of lesions are said; filled ones, and those with a way in, are none', async () => {
    /** A rectangle of 10×8 pixels, elsewhere in each mask; `part` says what of it is lesion. */
    const frame = (part: (x: number, y: number) => boolean) => (_: string, i: number) => {
      const [left, top] = [i % 2, i >> 1];
      const isIn = (x: number, y: number) => x >= 0 && x < 10 && y >= 0 && y < 8;
      return grey(
        12,
        Array.from({ length: 120 }, (_, k) => {
          const [x, y] = [(k % 12) - left, Math.floor(k / 12) - top];
          return isIn(x, y) && part(x, y) ? 255 : 0;
        }),
      );
    };
    const isEdge = (x: number, y: number) => x === 0 || x === 9 || y === 0 || y === 7;
    const outlined = await check(masked(frame(isEdge)));
    assert.deepEqual([told(outlined), outlined.ok], [['warning outlined_masks /set/masks/0.png'], true]);
    assert.match(outlined.problems[0].message, /^in 4 of 4 masks the lesion encloses more than it covers/);
    for (const other of [() => true, (x: number, y: number) => isEdge(x, y) && !(x === 4 && y === 7)]) {
      assert.notInclude(told(await check(masked(frame(other)))).join(), 'outlined_masks');
    }
  });

  test('masks with a frame are refused as that', async () => {
    /** 20×12 pixels: a lesion in the middle, and where it is framed the edges. */
    const mask = (framed: boolean) => (_: string, i: number) =>
      grey(
        12,
        Array.from({ length: 120 }, (_, k) => {
          const [x, y] = [k % 12, Math.floor(k / 12)];
          const isEdge = x === 0 || x === 11 || y === 0 || y === 9;
          return (framed && isEdge) || (x > 3 && x < 7 && y > 2 && y < 5 + i) ? 255 : 0;
        }),
      );
    assert.deepEqual(told(await check(masked(mask(false)))), []);
    const report = await check(masked(mask(true)));
    assert.deepEqual([told(report), report.ok], [['error framed_masks /set/masks/0.png'], false]);
    assert.match(report.problems[0].message, /^in 4 of 4 masks the lesion runs along all edges.*cut the frames off/);
    assert.isTrue((await check(masked(mask(true)), { 'mask.background': 'black' })).ok);
  });

  test('masks of many levels that do not end in white are told of, and refused beside those that are read at one half', async () => {
    const mask = (top: (i: number) => number) => (_: string, i: number) =>
      grey(
        12,
        Array.from({ length: 120 }, (_, k) => Math.round((top(i) * Math.max(0, 20 - Math.abs(k - 50 - i))) / 20)),
      );
    const faint = await check(masked(mask(() => 90)));
    assert.deepEqual([told(faint), faint.ok], [['warning mask_values /set/masks/0.png'], true]);
    assert.match(
      faint.problems[0].message,
      /^4 of 4 masks have many levels, and all of these but black count as lesion;/,
    );
    const mixed = masked(mask((i) => (i === 0 ? 250 : 90)));
    const refused = await check(mixed);
    assert.deepEqual([told(refused), refused.ok], [['error mask_values /set/masks/1.png'], false]);
    assert.match(refused.problems[0].message, /^3 of 4 .*while 1 are read at one half/);
    assert.isTrue((await check(mixed, { 'mask.background': 'black' })).ok);
  });

  test('borders that are smeared are read at one half, as those of a JPEG are, and that is said', async () => {
    // A lesion of 4 pixels with a ramp of 20 levels on either side, 10 of them above one half.
    const ramp = Array.from({ length: 20 }, (_, k) => 12 * (k + 1));
    const row = [...ramp, 255, 255, 255, 255, ...ramp.toReversed(), ...new Array(76).fill(0)];
    const smeared = grey(12, row);
    const fs = masked(() => smeared);
    const mask = await readMask(fs, { paths: ['/set/masks/0.png'], background: 'black' });
    assert.equal(mask.data.filter((value) => value > 0).length, 24);
    const lines = inventoryLines(await check(fs)).join('\n');
    assert.include(lines, '4 with smeared borders, read at one half');
    assert.include(lines, 'all 4 masks are equal');
    // Twenty lesions by number are no smear, nor are 16 codes up to white.
    const numbers = encodePng({
      width: 20,
      height: 1,
      channels: 1,
      data: Uint8Array.from({ length: 20 }, (_, k) => k + 1),
    });
    const codes = encodePng({
      width: 16,
      height: 1,
      channels: 1,
      data: Uint8Array.from({ length: 16 }, (_, k) => 15 * k + 30),
    });
    for (const [bytes, count] of [
      [numbers, 20],
      [codes, 16],
    ] as const) {
      const file = new MemoryFileSystem([['m.png', new Uint8Array(bytes)]]);
      const read = await readMask(file, { paths: ['m.png'], background: 'black' });
      assert.equal(read.data.filter((value) => value > 0).length, count);
    }
  });
});
