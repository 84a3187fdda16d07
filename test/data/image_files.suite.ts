import { assert } from 'chai';
import { checkDataset } from '../../src/data/layout/check.ts';
import type { Inventory } from '../../src/data/layout/inventory.ts';
import type { DataRules } from '../../src/data/layout/rules.ts';
import { readRuled } from '../../src/data/range/read.ts';
import { FULL } from '../../src/data/range/rule.ts';
import { suite, test } from '../harness/registry.ts';
import { picture } from './datasets.ts';
import { fromBase64, JPEG_SAMPLES } from './jpeg_samples.ts';
import { MemoryFileSystem } from './memory_file_system.ts';
import { makePng } from './png_maker.ts';

type FileOf = (path: string, i: number) => Uint8Array;

/** Four images of each label, and more by name. */
function setOf(good: FileOf, bad: FileOf, more: Readonly<Record<string, Uint8Array>> = {}): MemoryFileSystem {
  const of = (folder: string, make: FileOf) =>
    [0, 1, 2, 3].map((i): [string, Uint8Array] => [`/set/${folder}/${i}.png`, make(`${folder}/${i}`, i)]);
  const others = Object.entries(more).map(([path, bytes]): [string, Uint8Array] => [`/set/${path}`, bytes]);
  return new MemoryFileSystem([...of('good', good), ...of('bad', bad), ...others]);
}

const own: FileOf = (path) => picture(path).image;
const check = (fs: MemoryFileSystem, rules: Partial<DataRules> = {}) => checkDataset(fs, '/set', { rules });
const told = ({ problems }: Inventory) => problems.map(({ kind, severity, path }) => `${severity} ${kind} ${path}`);
const grey = (samples: readonly number[]) => makePng({ width: 12, height: 10, depth: 8, type: 0, samples });
/** 120 grey levels of a function of the pixel. */
const pixels = (of: (k: number) => number) => Array.from({ length: 120 }, (_, k) => of(k));

suite('what is said of the files of images', () => {
  test('levels of video beside all levels are said, in a picture with a black of 16 alone', async () => {
    const noise = (k: number, i: number) => (k * (2 * i + 37)) % 220;
    const full: FileOf = (path, i) =>
      grey(pixels((k) => (k < 60 ? 0 : 35 + noise(k, i + (path.startsWith('bad') ? 9 : 0)))));
    const video: FileOf = (path, i) =>
      i === 1 ? grey(pixels((k) => (k < 60 ? 16 : 16 + noise(k, i)))) : full(path, i);
    const mixed = await check(setOf(full, video));
    assert.deepEqual([told(mixed), mixed.ok], [['warning video_levels /set/bad/1.png'], true]);
    assert.match(mixed.problems[0].message, /16 to 235.*beside 7 images of 0 to 255/);
    // Where others have a black of their own, one of 16 is chance.
    const floors: FileOf = (path, i) =>
      i > 1 ? grey(pixels((k) => (k < 60 ? 9 + i : 20 + noise(k, i)))) : video(path, i);
    assert.notInclude(told(await check(setOf(full, floors))).join(), 'video_levels');
    // Where many lie below 16 it is a value among others.
    const below: FileOf = (path, i) =>
      i === 1 ? grey(pixels((k) => (k < 30 ? 16 : k < 50 ? 12 : 17 + noise(k, i)))) : full(path, i);
    assert.deepEqual(told(await check(setOf(full, below))), []);
    // A dark grey of few pixels is no black.
    const dim: FileOf = (path, i) => (i === 1 ? grey(pixels((k) => (k < 5 ? 16 : 17 + noise(k, i)))) : full(path, i));
    assert.deepEqual(told(await check(setOf(full, dim))), []);
  });

  test('pixels that transparency hides are said; a background of one value was cut away', async () => {
    const rgba = (alpha: (k: number) => number, hidden: (k: number) => number) => (_: string, i: number) => {
      const value = (k: number) => (alpha(k) === 0 ? hidden(k) : (k * (2 * i + 3)) % 256);
      const samples = Array.from({ length: 480 }, (_, k) => (k % 4 === 3 ? alpha(k >> 2) : value(k >> 2)));
      return makePng({ width: 12, height: 10, depth: 8, type: 6, samples });
    };
    const varied = (k: number) => (k * 7) % 256;
    const problems = async (bytes: (path: string, i: number) => Uint8Array) =>
      (await check(setOf(own, bytes))).problems
        .filter(({ kind }) => kind !== 'told_apart')
        .map(({ message }) => message);
    const all = await problems(rgba(() => 0, varied));
    assert.match(all.join(), /^it is transparent everywhere, .*\(and 3 more images like it\)$/);
    assert.match((await problems(rgba((k) => (k < 60 ? 0 : 255), varied))).join(), /in 50 % of its pixels/);
    assert.deepEqual(
      await problems(
        rgba(
          (k) => (k < 60 ? 0 : 255),
          () => 3,
        ),
      ),
      [],
    );
  });

  test('what lies behind the end of a file is said; zeros and blanks are nothing', async () => {
    const jpeg = fromBase64(JPEG_SAMPLES.grey.file);
    const png = new Uint8Array(picture('tail').image);
    const both = (a: Uint8Array, b: readonly number[] | Uint8Array) => Uint8Array.from([...a, ...b]);
    // One segment behind the other; what looks like the end of the picture lies in the second.
    const segments = [...[0xff, 0xe2, 0, 5, 1, 2, 3], ...[0xff, 0xe1, 0, 6, 0xff, 0xd9, 1, 2]];
    const exif = Uint8Array.from([...jpeg.subarray(0, 2), ...segments, ...jpeg.subarray(2)]);
    for (const [bytes, what] of [
      [both(png, png), /^it has \d+ bytes behind its end, by their beginning another picture/],
      [both(jpeg, jpeg), /another picture/],
      [both(png, [0, 0, 7, 8, 7, 10]), /^it has 3 bytes behind its end, which/],
      [both(jpeg, [7]), /^it has 1 byte behind/],
      [both(exif, [7]), /^it has 1 byte behind/],
      [both(png, [0, 0, 0, 10]), /^$/],
      [both(jpeg, [0, 255, 255, 0]), /^$/],
    ] as const) {
      const report = await check(setOf(own, own, { 'bad/4.png': bytes }));
      const others = report.problems.filter(({ kind }) => kind !== 'told_apart');
      assert.match(others.map(({ message }) => message).join(), what);
    }
  });

  test('a picture whose name does not say so needs a decision, and a copy that a program kept does not', async () => {
    const png = picture('unnamed').image;
    const set = (name: string, bytes: Uint8Array = png) => check(setOf(own, own, { [`bad/${name}`]: bytes }));
    for (const name of ['scan', 'scan.dat', '12.3.456.7']) {
      const report = await set(name);
      assert.deepEqual([told(report), report.ok], [[`error unnamed_picture /set/bad/${name}`], false]);
      assert.isTrue((await check(setOf(own, own, { [`bad/${name}`]: png }), { skip: [name] })).ok);
    }
    const kept = await set('0.png.bak');
    assert.deepEqual([kept.ok, kept.leftOut.map(({ why }) => why)], [true, ['unnamed_picture']]);
    const text = await set('BMI', new TextEncoder().encode('BMI of each patient'));
    assert.deepEqual([text.ok, text.leftOut.map(({ why }) => why)], [true, ['other']]);
  });

  test('the same is said of an image that a run is given', () => {
    const rule = { ...FULL, given: false, profile: new Array(16).fill(0).map((_, i) => 12 * i), limit: 255 };
    const said = (bytes: Uint8Array, profile = rule.profile) => {
      const all: string[] = [];
      readRuled(bytes, 'x.png', { ...rule, profile }, { say: (text) => all.push(text) });
      return all.join();
    };
    const video = grey(pixels((k) => (k < 60 ? 16 : 16 + ((k * 37) % 220))));
    const full = grey(pixels((k) => (k < 60 ? 0 : (k * 37) % 256)));
    assert.match(said(video), /^x\.png has levels from 16 to 235, .* and the support images have not/);
    assert.match(
      said(
        full,
        rule.profile.map((level) => 16 + (level * 219) / 255),
      ),
      /its black is darker than theirs/,
    );
    assert.equal(said(full), '');
    assert.match(said(Uint8Array.from([...full, ...full])), /another picture, which are not read\.$/);
  });

  test('one picture in files of different bytes is one picture', async () => {
    const samples = pixels((k) => (k * 37) % 220);
    const plain = grey(samples);
    const interlaced = makePng({ width: 12, height: 10, depth: 8, type: 0, samples, interlaced: true });
    const report = await check(setOf(own, own, { 'good/a.png': plain, 'bad/b.png': interlaced }));
    assert.deepEqual(told(report), ['error both_labels /set/good/a.png']);
  });
});
