import { assert } from 'chai';
import * as v from 'valibot';
import { type Look, type Looks, lookOfFile } from '../../src/data/apart/looks.ts';
import { unlikeClauses } from '../../src/data/apart/unlike.ts';
import { openInspected } from '../../src/data/layout/check.ts';
import { readRuled } from '../../src/data/range/read.ts';
import { FULL } from '../../src/data/range/rule.ts';
import { LooksBeside, looksOfRun, unlikeRun } from '../../src/detect/run_looks.ts';
import { STORED_LOOKS } from '../../src/run/stored.ts';
import { makePng } from '../data/png_maker.ts';
import { type Change, type FileOf, png, rotate, SIDE, scan, setOf, turned } from '../data/scans.ts';
import { suite, test } from '../harness/registry.ts';

const opened = (change?: Change, file?: FileOf, count = 10) =>
  openInspected(setOf(count, change, file), '/set', { grey: FULL });

/** Looks as they come back from an adapters file. */
const stored = (looks: Looks) => v.parse(STORED_LOOKS, JSON.parse(JSON.stringify(looks)));

/** What a run on ordinary scans says of another set: of its labelled test split, and of the same images without labels. */
async function said(change?: Change, file?: FileOf): Promise<[evaluated: string[], predicted: string[]]> {
  const looks = stored(looksOfRun(await opened()));
  const other = await opened(change, file, 9);
  const beside = new LooksBeside(looks, null);
  for (const label of ['good', 'Ungood']) {
    for (let i = 0; i < 9; i++) {
      const where = { split: 'test', label, i };
      const picture = scan(`test${label}${i}`, label === 'Ungood');
      const changed = change?.(picture, where) ?? picture;
      beside.add(String(i), lookIn(file ? file(changed, where) : png(changed.image), beside.pattern));
    }
  }
  return [unlikeRun(looks, other), beside.clauses()];
}

function lookIn(bytes: Uint8Array, pattern: Float64Array): Look {
  let look: Look | null = null;
  const see = (
    raster: Parameters<typeof lookOfFile>[0]['raster'],
    values: Parameters<typeof lookOfFile>[0]['values'],
  ) => {
    look = lookOfFile({ bytes, name: 'x.png', raster, values }, FULL, pattern);
  };
  readRuled(bytes, 'x.png', FULL, { see });
  return look!;
}

const each =
  (change: (data: readonly number[]) => number[]): Change =>
  (one) => ({ ...one, image: change(one.image) });
const both = async (change: Change | undefined, file: FileOf | undefined, expected: RegExp) => {
  for (const clauses of await said(change, file)) {
    assert.lengthOf(clauses, 1);
    assert.match(clauses[0], expected);
  }
};

suite('images beside those that a run was made on', () => {
  test('nothing is said of others like them, with and without labels', async () => {
    assert.deepEqual(await said(), [[], []]);
  });

  test('images that are mirrored, turned or inverted', async () => {
    const laid =
      (turn: (data: readonly number[]) => number[]): Change =>
      (one) => ({
        image: turn(one.image),
        mask: turn(one.mask),
      });
    const upside = (data: readonly number[]) => turned(data, (x, y) => [x, SIDE - 1 - y]);
    await both(laid(upside), undefined, /^nearly all of the images fit .* better mirrored upside down; bring/);
    await both(laid(rotate), undefined, /fit those .* better turned by 90° to the left;/);
    await both(
      each((data) => data.map((v) => 255 - v)),
      undefined,
      /^the images have dark what is bright .* invert them$/,
    );
  });

  test('images of something else, or brighter or darker ones', async () => {
    const stripes = each((data) => data.map((v, k) => ((k % SIDE) & 16 ? 0 : 100) + (v >> 3)));
    for (const clauses of await said(stripes)) {
      assert.match(
        clauses.join('\n'),
        /^the images have bright and dark in other places than those .*correlation -?0\.\d+, among those 0\.9/,
      );
    }
    const dark = each((data) => data.map((v) => v >> 1));
    for (const clauses of await said(dark)) {
      assert.match(
        clauses.join('\n'),
        /^the images are darker than those that the run was made on \(grey \d+ on average, theirs \d+\)/,
      );
    }
    const lesions: Change = (one) => ({ ...one, image: one.image.map((v, k) => (one.mask[k] > 0 ? 255 : v)) });
    assert.deepEqual(await said(lesions), [[], []], 'lesions alone may be brighter');
  });

  test('images of another size, depth, colour or sharpness', async () => {
    const size = { width: SIDE, height: SIDE } as const;
    const deep: FileOf = ({ image }) => makePng({ ...size, depth: 16, type: 0, samples: image.map((v) => 257 * v) });
    await both(
      undefined,
      deep,
      /^the number of bits tells the images from those that the run was made on \(here: 16 bits; there: 8 bits\)/,
    );
    const red: FileOf = ({ image }) =>
      makePng({ ...size, depth: 8, type: 2, samples: image.flatMap((v) => [v, v, v >> 1]) });
    await both(undefined, red, /^colour tells the images from those .* \(here: coloured; there: grey\)/);
    const blurred = (data: readonly number[]) =>
      data.map((_, k) => [-1, 0, 1, -SIDE, SIDE].reduce((sum, step) => sum + (data[k + step] ?? 0), 0) / 5);
    await both(
      each((data) => blurred(blurred(data))),
      undefined,
      /^how sharp or noisy an image is .* bring them into the form of those, or train on/,
    );
  });

  test('of few images nothing is said, nor of many of one patient', async () => {
    const looks = stored(looksOfRun(await opened()));
    const upsideDown = (name: string, pattern: Float64Array) =>
      lookIn(png(turned(scan(name, false).image, (x, y) => [x, SIDE - 1 - y])), pattern);
    const said = (names: readonly string[], group: string | null) => {
      const beside = new LooksBeside(looks, group);
      for (const name of names) beside.add(name, upsideDown(name, beside.pattern));
      return beside.clauses().length;
    };
    // Of 20 images and 3 others the exact chance is 2 in 1771, of 4 it is 2 in 10,626.
    assert.equal(said(['a1', 'b1', 'c1'], null), 0);
    assert.equal(said(['a1', 'b1', 'c1', 'd1'], null), 1);
    assert.equal(said(['p1_1', 'p1_2', 'p1_3', 'p1_4', 'p1_5', 'p1_6'], 'auto'), 0, 'slices of one patient');
    assert.equal(said(['p1_1', 'p2_1', 'p3_1', 'p4_1', 'p5_1'], 'auto'), 1);
  });

  test('of another size something is said of two images, as sizes do not differ for nothing', async () => {
    const beside = new LooksBeside(stored(looksOfRun(await opened())), null);
    const half = scan('a', false).image.filter((_, k) => k % 2 === 0 && Math.floor(k / SIDE) % 2 === 0);
    beside.add('1', lookIn(png(half, SIDE / 2), beside.pattern));
    assert.deepEqual(beside.clauses(), []);
    beside.add('2', lookIn(png(half, SIDE / 2), beside.pattern));
    assert.match(
      beside.clauses().join('\n'),
      /^the size of an image tells the images from those .* \(here: 32×32; there: 64×64\)/,
    );
  });

  test('where labels differ by something, images of one of them are no others', async () => {
    const deep: FileOf = ({ image }, { label }) =>
      label === 'Ungood'
        ? makePng({ width: SIDE, height: SIDE, depth: 16, type: 0, samples: image.map((v) => 257 * v) })
        : png(image);
    const mostly = await opened(undefined, deep);
    const { images } = mostly;
    // Of the run one in eleven is of 16 bits: the abnormal ones.
    const few = images.filter(({ label, id }) => label === 0 || id.endsWith('/0.png'));
    const looks = stored(looksOfRun({ ...mostly, images: few }));
    const beside = new LooksBeside(looks, null);
    for (let i = 0; i < 9; i++) {
      const where = { split: 'test', label: 'Ungood', i };
      beside.add(String(i), lookIn(deep(scan(`testUngood${i}`, true), where), beside.pattern));
    }
    assert.notInclude(beside.clauses().join(), 'bits');
  });

  test('brightness is compared label by label, and without labels with either', () => {
    const looks = (label: Look['label'], brightness: number): Look[] =>
      Array.from({ length: 9 }, (_, i) => ({
        ...{ label, width: 8, height: 8, brightness: brightness + i / 10, fit: null },
        file: { format: 'PNG', coloured: false, steps: null, grain: null, warmth: null },
        values: { bits: 8, filled: null },
      }));
    const images = [...looks(0, 70), ...looks(1, 110)];
    const said = (seen: readonly Look[]) => unlikeClauses({ images }, seen).map((clause) => clause.slice(0, 24));
    assert.deepEqual(said([...looks(0, 90), ...looks(1, 140)]), ['the images are brighter ']);
    assert.deepEqual(said([...looks(0, 90), ...looks(1, 80)]), [], 'labels that differ otherwise');
    assert.deepEqual(said(looks(null, 110)), [], 'all of them abnormal');
    assert.deepEqual(said(looks(null, 90)), [], 'between both');
    assert.deepEqual(said(looks(null, 140)), ['the images are brighter ']);
    assert.deepEqual(said(looks(null, 40)), ['the images are darker th']);
    const normalOnly = unlikeClauses({ images: looks(0, 70) }, looks(null, 110));
    assert.deepEqual(normalOnly, [], 'how abnormal ones look is not known');
    assert.deepEqual(unlikeClauses({ images: [] }, looks(null, 40)), [], 'of the run nothing is known');
  });

  test('a single image of a far other shape is told, as it is stretched', async () => {
    const said = async (width: number, count = 1) => {
      const beside = new LooksBeside(stored(looksOfRun(await opened())), null);
      for (let i = 0; i < count; i++) {
        const data = Array.from({ length: width * 48 }, (_, k) => (k * 37) % 251);
        beside.add(String(i), lookIn(png(data, i === 0 ? width : 48), beside.pattern));
      }
      return beside.clauses().join('\n');
    };
    assert.match(
      await said(120),
      /^1 of the 1 images has a shape far from those that the run was made on \(120×48, width by height 2\.5; there: 1 to 1\) and is stretched/,
    );
    assert.match(await said(16), /16×48, width by height 0\.33/);
    assert.equal(await said(90), '');
  });

  test('of its own data set nothing is said, as that says it itself', async () => {
    const own = await opened((one, { split }) =>
      split === 'test' ? { image: rotate(one.image), mask: rotate(one.mask) } : one,
    );
    assert.deepEqual(unlikeRun(stored(looksOfRun(own)), own), []);
    const other = { ...own, images: own.images.filter(({ id }) => id !== 'valid/good/img/0.png') };
    assert.lengthOf(unlikeRun(stored(looksOfRun(own)), other), 1);
  });
});
