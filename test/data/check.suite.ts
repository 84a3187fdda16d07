import { assert } from 'chai';
import type { FusionclipError } from '../../src/base/errors.ts';
import { sha256 } from '../../src/base/sha256.ts';
import { decodeRaster } from '../../src/data/decode.ts';
import { type CheckOptions, checkDataset, openInspected } from '../../src/data/layout/check.ts';
import { findingsOf } from '../../src/data/layout/findings.ts';
import { InspectedSets } from '../../src/data/layout/inspected.ts';
import type { ProblemKind } from '../../src/data/layout/problem.ts';
import { problemLines } from '../../src/data/layout/problem_lines.ts';
import type { Decoders } from '../../src/data/layout/read_scan.ts';
import { encodePng } from '../../src/data/png.ts';
import { suite, test } from '../harness/registry.ts';
import { imageSet, picture, pixelSet } from './datasets.ts';
import { expectFailure } from './expect_failure.ts';
import { fromBase64, JPEG_SAMPLES } from './jpeg_samples.ts';
import { makePng } from './png_maker.ts';

suite('data check', () => {
  test('a sound set has counts, sizes and no problems', async () => {
    const progress: number[] = [];
    const { files } = pixelSet(3);
    // As `sha256sum` prints it, of what there is: images and masks, by path.
    const sumOf = async (split: string) => {
      const paths = [...files.keys()].filter((path) => path.startsWith(`/Brain_AD/${split}/`)).sort();
      assert.lengthOf(paths, 9);
      const line = async (path: string) => `${await sha256(files.get(path)!)}  ${path.slice('/Brain_AD/'.length)}\n`;
      return sha256(new TextEncoder().encode((await Promise.all(paths.map(line))).join('')));
    };
    const report = await checkDataset(pixelSet(3), '/Brain_AD', {
      onProgress: (done, total) => progress.push(done, total),
    });
    assert.deepEqual(report, {
      path: '/Brain_AD',
      name: 'Brain_AD',
      layout: 'bmad',
      kind: 'pixel',
      object: 'Brain',
      from: 'known',
      found: 18,
      images: { valid: { normal: 3, abnormal: 3 }, test: { normal: 3, abnormal: 3 } },
      classes: [
        { folder: 'valid/good', label: 0, valid: 3, test: 0 },
        { folder: 'valid/Ungood', label: 1, valid: 3, test: 0 },
        { folder: 'test/good', label: 0, valid: 0, test: 3 },
        { folder: 'test/Ungood', label: 1, valid: 0, test: 3 },
      ],
      masks: {
        ...{ images: 6, files: 6, united: 0, background: 'black', smeared: 0 },
        ways: [{ how: 'same name in anomaly_mask/', count: 6 }],
      },
      sizes: [{ width: 12, height: 10, channels: 1, count: 12 }],
      bits: [{ bits: 8, count: 12 }],
      grey: report.grey,
      turned: 0,
      patients: null,
      leftOut: [],
      sha256: { valid: await sumOf('valid'), test: await sumOf('test') },
      leaks: { identical: [], shared: [], warnings: [] },
      problems: [],
      ok: true,
    });
    assert.deepEqual(progress.slice(-2), [12, 12]);
    assert.deepEqual(JSON.parse(JSON.stringify(report)), report);
  });

  test('decoders that take several pictures at a time, and end in any order, change nothing', async () => {
    const fs = pixelSet(3);
    for (const name of ['valid/good/img/n1.png', 'test/Ungood/img/a0.png']) {
      assert.isTrue(fs.files.has(`/Brain_AD/${name}`), name);
      fs.files.set(`/Brain_AD/${name}`, new Uint8Array(9));
    }
    const waiting: (() => void)[] = [];
    let most = 0;
    const decoders: Decoders = {
      count: 3,
      async decode(bytes, name) {
        const turn = new Promise<void>((resolve) => waiting.unshift(resolve));
        most = Math.max(most, waiting.length);
        // The last that came is the first to go.
        setTimeout(() => waiting.shift()?.());
        await turn;
        return decodeRaster(bytes, name);
      },
    };
    const alone = await checkDataset(fs, '/Brain_AD');
    assert.deepEqual(await checkDataset(fs, '/Brain_AD', { decoders }), alone);
    assert.lengthOf(alone.problems, 2);
    assert.equal(most, 3);
  });

  test('sizes and numbers of bits are said the most frequent first, whichever is read first', async () => {
    const samples = Array.from({ length: 130 }, (_, i) => 500 * i);
    const deep = makePng({ width: 13, height: 10, depth: 16, type: 0, samples });
    for (const folder of ['valid/good/', 'test/Ungood/']) {
      const fs = imageSet();
      const paths = [...fs.files.keys()];
      const few = paths.filter((path) => path.includes(folder));
      for (const path of few) fs.files.set(path, deep);
      const { bits, sizes } = await checkDataset(fs, '/Chest_AD');
      const most = paths.length - few.length;
      assert.isAbove(most, few.length);
      assert.deepEqual(bits, [
        { bits: 8, count: most },
        { bits: 16, count: few.length },
      ]);
      const seen = sizes.map(({ width, count }) => `${count} of ${width}`);
      assert.deepEqual(seen, [`${most} of 12`, `${few.length} of 13`]);
    }
  });

  test('results say of a set what puts them in doubt, by where it is in the set, and nothing else', () => {
    const problem = (kind: ProblemKind, path: string) => ({ kind, path, severity: 'warning' as const, message: kind });
    const problems = [
      problem('told_apart', '/set'),
      problem('turned_images', '/set/bad/1.png'),
      problem('empty_mask', '/set/masks/1.png'),
    ];
    const leaks = { identical: [], shared: [], warnings: ['a patient is on both sides'] };
    const found = findingsOf({ path: '/set', leaks, problems });
    assert.deepEqual(found, ['a patient is on both sides', 'told_apart', 'bad/1.png: turned_images']);
  });

  test('an image-level set has no masks to complain about', async () => {
    assert.isTrue((await checkDataset(imageSet(), '/Chest_AD')).ok);
  });

  test('reports everything that is wrong at once', async () => {
    const fs = pixelSet(4);
    const split = '/Brain_AD/test';
    fs.files.set(`${split}/good/img/n0.png`, fs.files.get(`${split}/good/img/n0.png`)!.slice(0, 50));
    fs.files.set(`${split}/good/label/n1.png`, new Uint8Array(picture('x', 1).mask));
    await fs.remove(`${split}/Ungood/anomaly_mask/a0.png`);
    fs.files.set(`${split}/Ungood/anomaly_mask/a1.png`, new Uint8Array(picture('x').mask));
    fs.files.set(`${split}/Ungood/anomaly_mask/a2.png`, new TextEncoder().encode('not a picture'));
    fs.files.set(`${split}/Ungood/anomaly_mask/other.png`, new Uint8Array(1));
    fs.files.set('/Brain_AD/valid/Ungood/img/a0.png', fromBase64(JPEG_SAMPLES.grey.file));
    await fs.remove('/Brain_AD/valid/good/img');
    fs.files.set('/Brain_AD/valid/good/img/readme.txt', new Uint8Array(1));
    const { problems, ok, sizes } = await checkDataset(fs, '/Brain_AD');
    assert.isFalse(ok);
    assert.deepEqual(problems.map(({ kind, path }) => `${kind} ${path.slice('/Brain_AD/'.length)}`).sort(), [
      'broken_image test/good/img/n0.png',
      'broken_mask test/Ungood/anomaly_mask/a2.png',
      'empty_class valid/good/img',
      'empty_mask test/Ungood/anomaly_mask/a1.png',
      'extra_mask test/Ungood/anomaly_mask/other.png',
      'lesion_in_good test/good/label/n1.png',
      'missing_mask test/Ungood/img/a0.png',
      'size_mismatch valid/Ungood/anomaly_mask/a0.png',
    ]);
    assert.match(
      problems.find(({ kind }) => kind === 'size_mismatch')!.message,
      /12×10 pixels for an image of 19×13; give both the same size/,
    );
    assert.deepEqual(
      sizes.map(({ count }) => count),
      [10, 1],
    );
  });

  test('many problems of one kind hide no other: errors come first, and of each kind some are told and the others named', () => {
    const problem = (kind: ProblemKind, i: number, severity: 'error' | 'warning' = 'warning') =>
      ({ kind, severity, path: `/set/${i}.png`, message: `is ${kind}` }) as const;
    const all = [
      ...Array.from({ length: 30 }, (_, i) => problem('constant_image', i)),
      ...Array.from({ length: 5 }, (_, i) => problem('empty_mask', i)),
      problem('both_labels', 7, 'error'),
    ];
    const lines = problemLines({ path: '/set', problems: all });
    assert.equal(lines[0], 'error: /set/7.png: is both_labels');
    assert.deepEqual(
      lines.slice(1, 5),
      [0, 1, 2, 3].map((i) => `warning: /set/${i}.png: is constant_image`),
    );
    assert.equal(
      lines[5],
      'warning: 26 more like these: 4.png, 5.png, 6.png, 7.png, 8.png, 9.png, 10.png, 11.png, 12.png, 13.png, 14.png, 15.png, … (data check --json has all)',
    );
    assert.deepEqual(
      lines.slice(6),
      [0, 1, 2, 3, 4].map((i) => `warning: /set/${i}.png: is empty_mask`),
    );
  });

  test('a test split of one kind of images is told as that', async () => {
    const fs = pixelSet(3);
    await fs.remove('/Brain_AD/test/good');
    await expectFailure(
      'bad_data',
      [/^\/Brain_AD\/test has no normal images, only Ungood, .*; put some into \/Brain_AD\/test\/good\.$/],
      () => checkDataset(fs, '/Brain_AD'),
    );
    const other = pixelSet(3);
    await other.remove('/Brain_AD/test/Ungood');
    await expectFailure(
      'bad_data',
      [/test has no abnormal images, only good, .*put some into \/Brain_AD\/test\/Ungood/],
      () => checkDataset(other, '/Brain_AD'),
    );
  });

  test('black images on both sides are no leak', async () => {
    const fs = imageSet();
    const black = encodePng({ width: 12, height: 10, channels: 1, data: new Uint8Array(120) });
    for (const split of ['valid', 'test']) fs.files.set(`/Chest_AD/${split}/good/n0.png`, new Uint8Array(black));
    assert.deepEqual((await checkDataset(fs, '/Chest_AD')).leaks, { identical: [], shared: [], warnings: [] });
    fs.files.set('/Chest_AD/test/good/n1.png', fs.files.get('/Chest_AD/valid/good/n1.png')!);
    assert.lengthOf((await checkDataset(fs, '/Chest_AD')).leaks.warnings, 1);
  });

  test('what can be left out of a broken set is said, and without it the set is sound', async () => {
    const fs = pixelSet(5);
    const split = '/Brain_AD/test';
    fs.files.set(`${split}/good/img/n0.png`, fs.files.get(`${split}/good/img/n0.png`)!.slice(0, 50));
    fs.files.set(`${split}/good/label/n1.png`, new Uint8Array(picture('x', 1).mask));
    await fs.remove(`${split}/Ungood/anomaly_mask/a0.png`);
    fs.files.set(`${split}/Ungood/anomaly_mask/a2.png`, new TextEncoder().encode('not a picture'));
    fs.files.set('/Brain_AD/valid/Ungood/img/a0.png', fromBase64(JPEG_SAMPLES.grey.file));
    fs.files.set('/Brain_AD/valid/stray.png', new Uint8Array(picture('x').image));
    let leave: readonly string[] = [];
    await openInspected(fs, '/Brain_AD').catch((error: FusionclipError) => {
      leave = error.leave;
    });
    assert.sameMembers(
      [...leave],
      [
        ...['test/good/img/n0.png', 'test/good/img/n1.png', 'test/good/label/n1.png', 'test/Ungood/img/a0.png'],
        ...['test/Ungood/img/a2.png', 'test/Ungood/anomaly_mask/a2.png', 'valid/stray.png'],
        ...['valid/Ungood/img/a0.png', 'valid/Ungood/anomaly_mask/a0.png'],
      ],
    );
    const { inventory } = await openInspected(fs, '/Brain_AD', { rules: { skip: leave } });
    assert.isTrue(inventory.ok);
    // An empty class is still empty without any of its files.
    await fs.remove('/Brain_AD/valid/good/img');
    await expectFailure('bad_data', [/valid/], () => openInspected(fs, '/Brain_AD', { rules: { skip: leave } }));
    const failed = await openInspected(fs, '/Brain_AD').catch((error: FusionclipError) => error);
    assert.deepEqual((failed as FusionclipError).leave, []);
  });

  test('a set that was looked at is not read again for another name, more shots, or the rule that was found', async () => {
    const fs = pixelSet(3);
    const sets = new InspectedSets();
    const first = await sets.open(fs, '/Brain_AD', { rules: { 'shots.abnormal': 1 } });
    const again = (options: CheckOptions) => sets.open(fs, '/Brain_AD', options);
    const named = await again({ rules: { 'shots.abnormal': 3 }, object: 'head' });
    assert.deepEqual(
      [first.fresh, named.fresh, named.inventory.object, named.inventory.from],
      [true, false, 'head', 'given'],
    );
    assert.equal(first.inventory.object, 'Brain');
    assert.isFalse((await again({ grey: first.grey })).fresh);
    assert.isTrue((await again({ rules: { 'shots.abnormal': 0 } })).fresh);
    assert.isTrue((await again({ rules: { skip: ['a0.png'] } })).fresh);
    sets.forget('/Brain_AD');
    assert.isTrue((await again({})).fresh);
  });

  test('warnings alone leave a set usable', async () => {
    const fs = pixelSet(2);
    fs.files.set('/Brain_AD/test/Ungood/anomaly_mask/other.png', new Uint8Array(1));
    const { ok, problems } = await checkDataset(fs, '/Brain_AD');
    assert.deepEqual([ok, problems.length, problems[0].severity], [true, 1, 'warning']);
  });

  test('a folder that is no data set is an error', async () => {
    await expectFailure('bad_data', [/not a data set/], () => checkDataset(pixelSet(), '/Brain_AD/test/good'));
  });
});
