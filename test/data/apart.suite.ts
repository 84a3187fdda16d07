import { assert } from 'chai';
import { nameSeparation, separation } from '../../src/data/apart/separation.ts';
import { checkDataset } from '../../src/data/layout/check.ts';
import { findingsOf } from '../../src/data/layout/findings.ts';
import { suite, test } from '../harness/registry.ts';
import { fromBase64, JPEG_SAMPLES } from './jpeg_samples.ts';
import type { MemoryFileSystem } from './memory_file_system.ts';
import { makePng } from './png_maker.ts';
import { type Change, type FileOf, mirror, type Picture, png, rotate, SIDE, scan, setOf, turned } from './scans.ts';

const check = (fs: MemoryFileSystem) => checkDataset(fs, '/set');
const told = async (fs: MemoryFileSystem) =>
  (await check(fs)).problems.map(({ kind, severity, path, message }) => `${severity} ${kind} ${path}: ${message}`);
const isTest = ({ split }: { split: string }) => split === 'test';

suite('how clearly two groups are told apart', () => {
  test('is the distance of Kolmogorov and Smirnov with its exact chance', () => {
    const row = (count: number, from = 0) => Array.from({ length: count }, (_, i) => i + from);
    // As scipy.stats.ks_2samp(…, method='exact') has them.
    for (const [a, b, distance, chance] of [
      [row(4), row(4, 10), 1, 0.028571428571428577],
      [row(7), row(7, 10), 1, 0.0005827505827505828],
      [row(10), row(10, 5), 0.5, 0.16782134274394334],
      [row(20), row(30, 3), 0.43333333333333335, 0.016934452358394424],
    ] as const) {
      const found = separation(a, b);
      assert.closeTo(found.distance, distance, 1e-12);
      assert.closeTo(found.chance, chance, 1e-12);
    }
    const four = (name: string) => [name, name, name, name];
    assert.closeTo(nameSeparation(four('a'), four('b')).chance, 2 / 70, 1e-12);
    // Of three names there were three ways to put them together.
    assert.closeTo(nameSeparation(four('a'), ['b', 'b', 'b', 'c']).chance, 6 / 70, 1e-12);
  });
});

suite('labels and splits that something else tells apart', () => {
  const labels = (file: FileOf, count = 12) => told(setOf(count, (one) => one, file));
  const rgb = ({ image }: Picture, blue: number) => {
    const samples = image.flatMap((v) => [v, v, Math.round(blue * v)]);
    return makePng({ width: SIDE, height: SIDE, depth: 8, type: 2, samples });
  };

  test('nothing is said of a set of one form, and of few images', async () => {
    assert.deepEqual(await told(setOf(12)), []);
    const sized: FileOf = ({ image }, { label, i }) => png(image, label === 'good' && i === 0 ? SIDE / 2 : SIDE);
    assert.deepEqual(await labels(sized, 1), []);
  });

  test('colour, bits and the strength of compression, in all images or most of them', async () => {
    const coloured =
      (blue: number): FileOf =>
      (one, { label }) =>
        label === 'good' ? png(one.image) : rgb(one, blue);
    assert.match(
      (await labels(coloured(0.7))).join(),
      /^warning told_apart \/set: colour tells the labels apart \(normal: grey; abnormal: coloured\)/,
    );
    assert.deepEqual(await labels(coloured(1)), [], 'equal colours are grey');
    const most: FileOf = (one, { label, i }) => ((label === 'good') === i > 0 ? png(one.image) : rgb(one, 0.7));
    assert.match((await labels(most)).join(), /normal: 22 of 24 grey, 2 of 24 coloured; abnormal: 22 of 24 coloured/);
    const inTest: FileOf = (one, { label, split }) =>
      label === 'good' || split === 'valid' ? png(one.image) : rgb(one, 0.7);
    assert.match((await labels(inTest)).join(), /colour tells the labels apart in test \(/);
    const deep: FileOf = ({ image }, { label }) =>
      label === 'good'
        ? png(image)
        : makePng({ width: SIDE, height: SIDE, depth: 16, type: 0, samples: image.map((v) => 257 * v) });
    assert.match(
      (await labels(deep)).join(),
      /the number of bits tells the labels apart \(normal: 8 bits; abnormal: 16 bits\)/,
    );
  });

  test('labels of which one is less sharp, has more noise, or fewer grey levels', async () => {
    const abnormal =
      (change: (data: readonly number[]) => number[]): Change =>
      (one, { label }) =>
        label === 'Ungood' ? { ...one, image: change(one.image) } : one;
    const blurred = (data: readonly number[]) =>
      data.map((_, k) => Math.round([-1, 0, 1, -SIDE, SIDE].reduce((sum, step) => sum + (data[k + step] ?? 0), 0) / 5));
    const grain =
      /told_apart \/set: how sharp or noisy an image is \(0.25 smooth, 1 noise\) tells the labels apart \(normal: 0\.\d+ to 0\.\d+; abnormal: 0\./;
    assert.match((await told(setOf(8, abnormal(blurred)))).join(), grain);
    const noisy = (data: readonly number[]) => data.map((v, k) => Math.min(255, v + ((k * 7919) % 97)));
    assert.match((await told(setOf(8, abnormal(noisy)))).join(), grain);
    // A lesion may be far brighter than all else: the levels between are no matter of the file.
    const dim: Change = (one, { label }) => ({
      ...one,
      image: one.image.map((v, k) => (label === 'Ungood' && one.mask[k] > 0 ? 235 + (k % 11) : Math.round(v / 2))),
    });
    assert.notInclude((await told(setOf(8, dim))).join(), 'grey levels');
    const few = (data: readonly number[]) => data.map((v) => v - (v % 16));
    assert.match(
      (await told(setOf(8, abnormal(few)))).join(),
      /told_apart \/set: for how many of the grey levels .*abnormal: 0\)/,
    );
  });

  test('a test split that is less sharp, or whose colours are warmer', async () => {
    const blurred = (data: readonly number[]) =>
      data.map((_, k) => [-1, 0, 1, -SIDE, SIDE].reduce((sum, step) => sum + (data[k + step] ?? 0), 0) / 5);
    const softTest: Change = (one, where) => (isTest(where) ? { ...one, image: blurred(blurred(one.image)) } : one);
    assert.match((await told(setOf(8, softTest))).join(), /unlike_splits \/set: how sharp or noisy/);
    const warm: FileOf = (one, where) => rgb(one, isTest(where) ? 0.5 : 0.8);
    assert.match(
      (await told(setOf(8, (one) => one, warm))).join(),
      /the colour on the whole \(red less blue\) tells the splits apart/,
    );
    const warmLabel: FileOf = (one, { label }) => rgb(one, label === 'good' ? 0.5 : 0.8);
    assert.deepEqual(await told(setOf(8, (one) => one, warmLabel)), [], 'lesions may have a colour');
  });

  test('a test split with a margin, or of something else', async () => {
    const framed: Change = (one, where) => {
      const isEdge = (k: number) => Math.min(k % SIDE, SIDE - 1 - (k % SIDE)) < 3;
      return isTest(where) ? { ...one, image: one.image.map((v, k) => (isEdge(k) ? 250 : v)) } : one;
    };
    assert.match(
      (await told(setOf(10, framed))).join(),
      /unlike_splits \/set: the images of one split are alike (in|at) the [a-z ]*left/,
    );
    const stripes: Change = (one, where) =>
      isTest(where) ? { ...one, image: one.image.map((v, k) => ((k % SIDE) & 16 ? 180 : 20) + (v & 7)) } : one;
    assert.match(
      (await told(setOf(8, stripes))).join(),
      /the images of test have bright and dark in other places than those of valid/,
    );
  });

  test('a mark that one label has in its margin, thin or white on white', async () => {
    const mark =
      (label: string, value: number, size: number): Change =>
      (one, where) => {
        if (where.label !== label) return one;
        const image = one.image.map((v, k) => (k % SIDE >= SIDE - size && k >= SIDE * (SIDE - size) ? value : v));
        return { ...one, image };
      };
    assert.match(
      (await told(setOf(12, mark('Ungood', 200, 1)))).join(),
      /^warning told_apart \/set: the images of one label are alike in the lower right corner .*grey about 4 in normal ones, 52 in abnormal ones/,
    );
    assert.match((await told(setOf(12, mark('good', 200, 6)))).join(), /alike in the lower right corner/);
    assert.deepEqual(await told(setOf(5, mark('Ungood', 200, 6))), [], 'few images have much in common by chance');
  });

  test('a test split of another size, or much brighter, label by label', async () => {
    const half: FileOf = ({ image }, where) =>
      isTest(where)
        ? png(
            image.filter((_, k) => k % 2 === 0),
            SIDE / 2,
          )
        : png(image);
    assert.match(
      (await told(setOf(6, (one) => one, half))).join(),
      /warning unlike_splits \/set: the size of an image tells the splits apart \(valid: 64×64; test: 32×64\)/,
    );
    const bright: Change = (one, where) =>
      isTest(where) ? { ...one, image: one.image.map((v) => Math.min(255, Math.round(1.6 * v))) } : one;
    const report = await check(setOf(8, bright));
    const brighter = report.problems.find(({ message }) => message.startsWith('the images of test are brighter'))!;
    assert.match(brighter.message, /than those of valid \(normal: grey \d+/);
    assert.include(findingsOf(report), brighter.message);
    const opposite: Change = (one, { label, split }) => {
      if (split === 'valid') return one;
      return { ...one, image: one.image.map((v) => Math.min(255, Math.round((label === 'good' ? 1.6 : 0.6) * v))) };
    };
    assert.notInclude((await told(setOf(8, opposite))).join(), 'brighter', 'both labels have to agree');
    const lesions: Change = (one, { label, split }) =>
      split === 'test' && label === 'Ungood' ? { ...one, image: one.image.map((v) => Math.min(255, 2 * v)) } : one;
    assert.notInclude((await told(setOf(8, lesions))).join(), 'unlike_splits', 'lesions alone may be brighter');
  });

  test('images of test, or some of them, that are turned', async () => {
    const all: Change = (one, where) => (isTest(where) ? { image: rotate(one.image), mask: rotate(one.mask) } : one);
    assert.match(
      (await told(setOf(8, all))).join(),
      /^warning turned_images \/set: the images of test lie otherwise .* fit these better turned by 90° to the left/,
    );
    const upside = (data: readonly number[]) => turned(data, (x, y) => [x, SIDE - 1 - y]);
    const some: Change = (one, { i }) => (i === 2 ? { image: upside(one.image), mask: upside(one.mask) } : one);
    assert.match(
      (await told(setOf(8, some))).join(),
      /^warning turned_images \/set\/valid\/good\/img\/2\.png: it fits the other images better mirrored upside down \(and [23] more of 32/,
    );
  });
});

suite('masks and the images that they lie over', () => {
  test('masks that lie better mirrored or turned are told of, also in one split', async () => {
    const of =
      (change: (mask: readonly number[]) => number[], where: (split: string) => boolean = () => true): Change =>
      (one, { split }) =>
        where(split) ? { ...one, mask: change(one.mask) } : one;
    assert.match(
      (await told(setOf(8, of(mirror)))).join(),
      /^warning misplaced_masks \/set: the masks lie better over their images mirrored from left to right: so do 1[456] of 16;/,
    );
    assert.match((await told(setOf(8, of(rotate)))).join(), /over their images turned by 90° to the left/);
    assert.match(
      (
        await told(
          setOf(
            8,
            of(mirror, (split) => split === 'test'),
          ),
        )
      ).join(),
      /the masks of test lie better/,
    );
  });

  test('masks that lie better moved by the same are told of, also in one split', async () => {
    const moved = (mask: readonly number[]) => turned(mask, (x, y) => [(x + SIDE - 8) % SIDE, (y + 10) % SIDE]);
    const all = (await told(setOf(8, (one) => ({ ...one, mask: moved(one.mask) })))).join();
    assert.match(
      all,
      /^warning misplaced_masks \/set: the masks lie better over their images moved by 13 % of the width to the left and by 16 % of the height down: so do 14 of 16; export both/,
    );
    const inTest: Change = (one, where) => (isTest(where) ? { ...one, mask: moved(one.mask) } : one);
    assert.match((await told(setOf(8, inTest))).join(), /the masks of test lie better over their images moved by 13 %/);
    const few: Change = (one, { i }) => (i < 3 ? { ...one, mask: moved(one.mask) } : one);
    assert.notInclude((await told(setOf(8, few))).join(), 'moved by');
    const random: Change = (one, { i, split }) => {
      const [right, down] = [8 + 5 * (i % 5), 6 + 7 * (i % 4)];
      return {
        ...one,
        mask: turned(one.mask, (x, y) => [(x + right) % SIDE, (y + (split === 'test' ? 64 - down : down)) % SIDE]),
      };
    };
    assert.notInclude((await told(setOf(8, random))).join(), 'moved by', 'each by another way');
  });

  test('masks of other images, all of them or two that changed places', async () => {
    const next: Change = (one, { split, i }) => ({ ...one, mask: scan(`${split}Ungood${(i + 1) % 8}`, true).mask });
    assert.match(
      (await told(setOf(8, next))).join(),
      /misplaced_masks \/set\/valid\/Ungood\/img\/\d\.png: its mask lies better over valid\/Ungood\/img\/\d\.png, and so do \d+ more of 16 over images of others/,
    );
    const swap = [0, 1, 2, 5, 4, 3, 6, 7];
    const two: Change = (one, { split, i }) => ({
      ...one,
      mask: scan(`${split}Ungood${isTest({ split }) ? swap[i] : i}`, true).mask,
    });
    assert.match(
      (await told(setOf(8, two))).join(),
      /Ungood\/img\/3\.png: its mask lies better over test\/Ungood\/img\/5\.png, and so do 1 more of 16/,
    );
  });

  test('lesions on the empty background, and one mask for two images', async () => {
    const outside: Change = (one, { i }) => ({
      ...one,
      mask: one.mask.map((_, k) => (k % SIDE < 6 && k < 384 + 64 * (i % 3) ? 255 : 0)),
    });
    const said = (await told(setOf(6, outside))).join();
    assert.match(said, /most of its lesion lies on the empty background of the image, as in 11 more of 12/);
    const same: Change = (one, { split, i }) => ({ ...one, mask: scan(`${split}Ungood${i === 1 ? 0 : i}`, true).mask });
    assert.match(
      (await told(setOf(4, same))).join(),
      /equal_masks \S+: it equals that of another image, valid\/Ungood\/img\/1\.png; so are 1 more/,
    );
  });
});

suite('one picture in several forms', () => {
  test('is one picture in grey, in equal colours, with alpha and in 16 bits that hold a byte', async () => {
    const { image } = scan('again', false);
    const size = { width: SIDE, height: SIDE, depth: 8 } as const;
    const forms = [
      makePng({ ...size, type: 2, samples: image.flatMap((v) => [v, v, v]) }),
      makePng({ ...size, type: 6, samples: image.flatMap((v) => [v, v, v, 255]) }),
      makePng({ ...size, depth: 16, type: 0, samples: image.map((v) => 257 * v) }),
      makePng({ ...size, depth: 16, type: 0, samples: image.map((v) => 256 * v) }),
    ];
    for (const form of forms) {
      const fs = setOf(
        3,
        (one) => one,
        (one, { split, label, i }) => {
          if (i > 0 || (split === 'valid' && label === 'Ungood')) return png(one.image);
          if (split === 'valid') return png(image);
          return label === 'good' ? png(one.image) : form;
        },
      );
      const report = await check(fs);
      assert.include(
        report.problems.map(({ kind }) => kind),
        'both_labels',
      );
      assert.match(report.leaks.warnings.join(), /valid\/good\/img\/0\.png = test\/Ungood\/img\/0\.png/);
    }
    const tinted = makePng({ ...size, type: 2, samples: image.flatMap((v, k) => [v, v, k === 2080 ? v + 1 : v]) });
    const fs = setOf(
      3,
      (one) => one,
      (_, { split, label, i }) =>
        label === 'good' && i === 0
          ? split === 'valid'
            ? png(image)
            : tinted
          : png(scan(`${split}${label}${i}`, label === 'Ungood').image),
    );
    assert.match((await check(fs)).leaks.warnings.join(), /in other colours in one of them/);
  });
});

suite('one picture, mirrored or turned', () => {
  test('is told of in both splits and under both labels', async () => {
    const again =
      (to: string, label: string, turn: (data: readonly number[]) => number[]): Change =>
      (one, where) =>
        where.split === to && where.label === label && where.i === 0
          ? { ...one, image: turn(scan('validgood0', false).image) }
          : one;
    const split = await check(setOf(4, again('test', 'good', rotate)));
    assert.match(
      split.leaks.warnings.join(),
      /^1 picture is in valid and in test, mirrored, turned or in other colours in one of them, e\.g\. valid\/good\/img\/0\.png and test\/good\/img\/0\.png;/,
    );
    const label = await check(setOf(4, again('valid', 'Ungood', mirror)));
    assert.match(
      label.problems.map(({ kind, message }) => `${kind} ${message}`).join(),
      /both_labels the same picture as valid\/Ungood\/img\/0\.png, mirrored, turned or in other colours/,
    );
    assert.deepEqual((await check(setOf(4))).leaks.warnings, []);
  });
});

suite('how coarsely a JPEG was saved', () => {
  test('is read from its first table', async () => {
    const { meanStep } = await import('../../src/data/jpeg/tables.ts');
    const file = fromBase64(JPEG_SAMPLES.grey.file);
    const step = meanStep(file)!;
    const at = file.findIndex((byte, i) => byte === 0xff && file[i + 1] === 0xdb);
    assert.equal(step, file.subarray(at + 5, at + 69).reduce((sum, one) => sum + one, 0) / 64);
    assert.isNull(meanStep(Uint8Array.of(0xff, 0xd8, 0xff, 0xda, 0, 2)));
  });
});
