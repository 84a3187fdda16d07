import { assert } from 'chai';
import { checkDataset } from '../../src/data/layout/check.ts';
import type { Inventory } from '../../src/data/layout/inventory.ts';
import { inventoryLines } from '../../src/data/layout/inventory.ts';
import { openDataset, readMask } from '../../src/data/layout/open.ts';
import type { DataRules } from '../../src/data/layout/rules.ts';
import { encodePng } from '../../src/data/png.ts';
import { suite, test } from '../harness/registry.ts';
import { picture } from './datasets.ts';
import { expectFailure } from './expect_failure.ts';
import { MemoryFileSystem } from './memory_file_system.ts';
import { makePng } from './png_maker.ts';

/** Files by path below `/set`: what holds `mask` is a mask, all else an image; each picture is of its own. */
function setOf(...paths: string[]): MemoryFileSystem {
  return new MemoryFileSystem(
    paths.map((path) => {
      const { image, mask } = picture(path, 1);
      return [`/set/${path}`, /mask|truth|label|lesions|_seg|_gt/i.test(path) ? mask : image];
    }),
  );
}

const numbers = (count: number, name: (i: number) => string) => Array.from({ length: count }, (_, i) => name(i));

async function check(fs: MemoryFileSystem, rules: Partial<DataRules> = {}): Promise<Inventory> {
  return checkDataset(fs, '/set', { rules });
}

const total = ({ images: { valid, test: other } }: Inventory) => [
  valid.normal + other.normal,
  valid.abnormal + other.abnormal,
];

const errors = ({ problems }: Inventory) =>
  problems.filter(({ severity }) => severity === 'error').map(({ kind, path }) => `${kind} ${path}`);

const plain = [...numbers(4, (i) => `good/${i}.png`), ...numbers(4, (i) => `Ungood/${i}.png`)];

suite('layouts of public data sets', () => {
  test('images in patient folders below a class are images of the class', async () => {
    const report = await check(setOf(...plain, 'good/patient1/0.png', 'Ungood/p2/day3/x.png'));
    assert.deepEqual([total(report), report.ok], [[5, 5], true]);
  });

  test("BUSI's: masks beside their images, several of one image united, masks of normal images", async () => {
    const fs = setOf(
      ...numbers(4, (i) => `normal/normal (${i}).png`),
      ...numbers(4, (i) => `benign/benign (${i}).png`),
      ...numbers(4, (i) => `benign/benign (${i})_mask.png`),
      'benign/benign (1)_mask_1.png',
    );
    fs.files.set('/set/normal/normal (0)_mask.png', new Uint8Array(picture('none').mask));
    const report = await check(fs);
    assert.deepEqual([report.ok, report.kind, total(report)], [true, 'pixel', [4, 4]]);
    assert.deepEqual([report.masks!.images, report.masks!.files, report.masks!.united], [5, 6, 1]);
    assert.match(inventoryLines(report).join('\n'), /several files united for 1 image\b/);
    const { splits } = await openDataset(fs, '/set');
    const two = [...splits.valid, ...splits.test].find(({ id }) => id === 'benign/benign (1).png')!;
    const part = async (path: string) => (await readMask(fs, { paths: [path], background: 'black' })).data;
    const parts = [await part(two.mask!.paths[0]), await part(two.mask!.paths[1])];
    const united = (await readMask(fs, two.mask!)).data;
    assert.deepEqual(
      [...united],
      [...parts[0]].map((v, i) => v | parts[1][i]),
    );
    assert.notDeepEqual([...united], [...parts[0]]);
  });

  test('good, bad and masks side by side: each mask belongs to the abnormal image of its name', async () => {
    const images = [...numbers(4, (i) => `good/${i}.png`), ...numbers(4, (i) => `bad/${i}.png`)];
    const report = await check(setOf(...images, ...numbers(4, (i) => `masks/${i}.png`)));
    assert.deepEqual([report.ok, report.kind, report.masks!.images], [true, 'pixel', 4]);
    assert.deepEqual(report.masks!.ways, [{ how: 'same name in masks/', count: 4 }]);
    const { splits } = await openDataset(setOf(...images, ...numbers(4, (i) => `masks/bad/${i}_mask.png`)), '/set');
    assert.isTrue([...splits.valid, ...splits.test].every(({ label, mask }) => (label === 1) === (mask !== null)));
  });

  test("MVTec's, with the images of all splits below one folder", async () => {
    const paths = [
      ...numbers(3, (i) => `images/train/good/${i}.png`),
      ...numbers(2, (i) => `images/test/good/${i}.png`),
      ...numbers(4, (i) => `images/test/hole/${i}.png`),
      ...numbers(4, (i) => `ground_truth/hole/${i}_mask.png`),
    ];
    const report = await check(setOf(...paths));
    assert.deepEqual([report.layout, report.kind, report.ok], ['mvtec', 'pixel', true]);
    assert.deepEqual(report.images, { valid: { normal: 3, abnormal: 2 }, test: { normal: 2, abnormal: 2 } });
  });

  test("Kaggle's: NORMAL and PNEUMONIA in train, val and test; any other name by --normal", async () => {
    const kaggle = (normal: string) =>
      ['train', 'val', 'test'].flatMap((split) =>
        [normal, 'PNEUMONIA'].flatMap((name) => numbers(2, (i) => `${split}/${name}/${i}.jpeg`)),
      );
    const report = await check(setOf(...kaggle('NORMAL')));
    assert.deepEqual([report.layout, report.ok], ['bmad', true]);
    assert.deepEqual(report.images, { valid: { normal: 2, abnormal: 2 }, test: { normal: 2, abnormal: 2 } });
    assert.deepEqual(
      report.leftOut.map(({ why, count }) => [why, count]),
      [['train', 4]],
    );
    await expectFailure('bad_data', [/--normal NAME/, /Fine/], () => check(setOf(...kaggle('Fine'))));
    assert.deepEqual(total(await check(setOf(...kaggle('Fine')), { normal: ['fine'] })), [4, 4]);
  });

  test('train and test without valid: train is the side that support comes from', async () => {
    const report = await check(
      setOf(
        'Training/good/x.png',
        ...['Training', 'Testing'].flatMap((split) => plain.map((path) => `${split}/${path}`)),
      ),
    );
    assert.deepEqual([report.layout, report.ok], ['train-test', true]);
    assert.deepEqual(report.images, { valid: { normal: 5, abnormal: 4 }, test: { normal: 4, abnormal: 4 } });
  });

  test('valid with normal images alone is enough where no abnormal ones are looked at', async () => {
    const fs = setOf(...plain.map((path) => `test/${path}`), ...numbers(3, (i) => `valid/good/${i}.png`));
    assert.isTrue((await check(fs, { 'shots.abnormal': 0 })).ok);
    const { problems, ok } = await check(fs);
    assert.isFalse(ok);
    assert.match(problems[0].message, /no abnormal images for the valid split.*--shots\.abnormal 0/);
  });

  test('one folder too high: says which folder is meant', async () => {
    const fs = setOf(...plain.flatMap((path) => [`inner/test/${path}`, `inner/valid/${path}`]));
    await expectFailure('bad_data', [/did you mean \/set\/inner\?/], () => check(fs));
    const higher = setOf(...plain.flatMap((path) => [`a/inner/test/${path}`, `a/inner/valid/${path}`]));
    await expectFailure('bad_data', [/did you mean \/set\/a\/inner\?/], () => check(higher));
  });

  test('a split without the other one: says what can be done', async () => {
    const fs = setOf(...plain.map((path) => `valid/${path}`));
    await expectFailure('bad_data', [/found valid; add the other split, or give \/set\/valid,/], () => check(fs));
  });

  test('two folders for one split, and masks without labels, are refused as that; spaces around names do not count', async () => {
    const split = (name: string) => plain.map((path) => `${name}/${path}`);
    const twice = setOf(...split('valid'), ...split('val'), ...split('test'));
    await expectFailure('bad_data', [/more than one folder for valid: val and valid; .*--skip valid\.$/], () =>
      check(twice),
    );
    assert.isTrue((await check(twice, { skip: ['val'] })).ok);
    await expectFailure('bad_data', [/for test: Test and test; .*take one away/], () =>
      check(setOf(...split('valid'), ...split('test'), ...split('Test'))),
    );
    const unlabelled = setOf(...numbers(4, (i) => `images/${i}.png`), ...numbers(4, (i) => `masks/${i}.png`));
    await expectFailure('bad_data', [/masks alone do not say which images are normal: put those/], () =>
      check(unlabelled),
    );
    const spaced = await check(
      setOf(...split('valid '), ...split('test').map((path) => path.replace('good', ' good'))),
    );
    assert.deepEqual([spaced.ok, total(spaced)], [true, [8, 8]]);
  });

  test('masks in a folder lesions beside the images; without one it is a class', async () => {
    const nested = ['good', 'Ungood'].flatMap((name) => numbers(4, (i) => `${name}/img/${i}.png`));
    const beside = await check(setOf(...nested, ...numbers(4, (i) => `Ungood/lesions/${i}.png`)));
    assert.deepEqual([beside.ok, beside.masks?.images, ...total(beside)], [true, 4, 4, 4]);
    const fs = setOf(...numbers(4, (i) => `good/${i}.png`), ...numbers(4, (i) => `lesions/${i}.png`));
    const alone = await check(fs, { range: 'full' });
    assert.deepEqual([alone.ok, alone.kind, ...total(alone)], [true, 'image', 4, 4]);
  });

  test('masks that no name tells from images are refused as images, and images as masks', async () => {
    const masks = await check(setOf(...plain, 'Ungood/0_truth.png', 'Ungood/1_truth.png'));
    assert.deepEqual(errors(masks), ['mask_as_image /set/Ungood/0_truth.png']);
    assert.match(masks.problems[0].message, /^it has two values alone.*so have 1 more of 10 images.* _mask behind /);
    const fs = setOf(...plain, ...numbers(4, (i) => `masks/${i}.png`));
    fs.files.set('/set/masks/2.png', fs.files.get('/set/Ungood/2.png')!);
    const images = await check(fs);
    assert.deepEqual(errors(images), ['image_as_mask /set/masks/2.png']);
    assert.match(images.problems[0].message, /grey levels of a picture, as 1 of 4 masks; put masks there/);
    assert.isTrue((await check(fs, { 'mask.background': 'black' })).ok);
  });

  test('.jfif and .jpe are JPEGs', async () => {
    const names = ['jfif', 'JPE', 'jpg', 'jpeg'].map((type, i) => `good/${i}.${type}`);
    assert.deepEqual(total(await check(setOf(...names, ...numbers(4, (i) => `Ungood/${i}.png`)))), [4, 4]);
  });
});

suite('files that nobody mentioned', () => {
  test('a folder that may be no class is asked about, and a flag decides', async () => {
    const fs = setOf(...plain, ...numbers(3, (i) => `thumbnails/t${i}.png`));
    const report = await check(fs);
    assert.deepEqual([errors(report), total(report)], [['unclear_folder /set/thumbnails'], [4, 4]]);
    assert.match(report.problems[0].message, /--skip thumbnails, .*--abnormal Ungood,thumbnails/);
    await expectFailure('bad_data', [/thumbnails: is it a class/], () => openDataset(fs, '/set'));
    const skipped = await check(fs, { skip: ['thumbnails'] });
    assert.deepEqual([skipped.ok, total(skipped)], [true, [4, 4]]);
    assert.deepEqual(
      skipped.leftOut.map(({ why, count }) => [why, count]),
      [['skipped', 3]],
    );
    assert.deepEqual(total(await check(fs, { abnormal: ['Ungood', 'Thumbnails'] })), [4, 7]);
    // Beside Ungood any other name is a question.
    assert.deepEqual(errors(await check(setOf(...plain, 'crack/1.png'))), ['unclear_folder /set/crack']);
  });

  test('a folder that is hardly a class is asked about among classes of any name', async () => {
    const fs = setOf(
      ...plain.map((path) => path.replace('Ungood', 'crack')),
      'hole/1.png',
      'hole/2.png',
      'backup/1.png',
    );
    assert.deepEqual(errors(await check(fs)), ['unclear_folder /set/backup']);
    assert.deepEqual(total(await check(fs, { skip: ['back*'] })), [4, 6]);
  });

  test('images outside of classes and pictures that are not read need a decision', async () => {
    const fs = setOf(...plain, 'cover.png', 'good/scan.dcm', 'good/notes.txt', '.DS_Store', 'Ungood/b.webp');
    const report = await check(fs);
    assert.deepEqual(errors(report), [
      'outside /set/cover.png',
      'unread /set/Ungood/b.webp',
      'unread /set/good/scan.dcm',
    ]);
    assert.deepEqual(report.leftOut.map(({ why, count }) => `${why} ${count}`).sort(), [
      'hidden 1',
      'other 1',
      'outside 1',
      'unread 2',
    ]);
    assert.equal(report.found, 13);
    assert.isTrue((await check(fs, { skip: ['cover.png', '*.dcm', 'Ungood/b.webp'] })).ok);
  });

  test('a flag that fits nothing is said', async () => {
    const { problems, ok } = await check(setOf(...plain), { skip: ['thumbs'], abnormal: ['Ungood'] });
    assert.deepEqual(
      [ok, problems.map(({ kind, message }) => `${kind}: ${message}`)],
      [true, ['unused_rule: --skip thumbs fits nothing in it']],
    );
  });

  test('a --skip that fits everything is said to', async () => {
    const error = await check(setOf(...plain), { skip: ['*'] }).catch((thrown: Error) => thrown.message);
    assert.include(String(error), '--skip * leaves out all that is in');
  });
});

suite('masks and their images', () => {
  const set = (mask: (i: number) => string, image = (i: number) => `Ungood/${i}.png`) =>
    setOf(...numbers(4, (i) => `good/${i}.png`), ...numbers(4, image), ...numbers(4, mask));

  test('pair by name with the usual words in any case, another extension, a number', async () => {
    const names = '_mask _Mask _SEG -gt _Label _segmentation _roi _lesion  _mask_1 _mask2'.split(' ');
    for (const word of names) {
      for (const extension of ['png', 'PNG', 'tif']) {
        const { splits, kind } = await openDataset(
          set((i) => `masks/Ungood/${i}${word}.${extension}`),
          '/set',
        );
        const paired = [...splits.valid, ...splits.test].filter(({ mask }) => mask !== null).length;
        assert.deepEqual([kind, paired], ['pixel', 4], `${word}.${extension}`);
      }
    }
    const lesions = await check(
      set(
        (i) => `masks/Ungood/0_${i}.png`,
        (i) => `Ungood/${i === 0 ? 0 : `x${i}`}.png`,
      ),
    );
    assert.deepEqual([lesions.masks!.united, lesions.masks!.files], [1, 4]);
  });

  test('pair whatever the case and the Unicode form, where that names one image', async () => {
    const composed = 'l\u00e9sion';
    const fs = setOf(
      ...numbers(2, (i) => `good/${i}.png`),
      ...[`Ungood/${composed}.png`, `Ungood/masks/${composed.normalize('NFD')}.png`],
      ...['Ungood/IMG.PNG', 'Ungood/masks/img.png', 'Ungood/a.png', 'Ungood/A.png'],
      ...['Ungood/masks/a.png', 'Ungood/masks/A.png'],
    );
    const { splits } = await openDataset(fs, '/set');
    const abnormal = [...splits.valid, ...splits.test].filter(({ label }) => label === 1);
    assert.deepEqual(Object.fromEntries(abnormal.map(({ id, mask }) => [id, mask?.paths])), {
      'Ungood/A.png': ['/set/Ungood/masks/A.png'],
      'Ungood/IMG.PNG': ['/set/Ungood/masks/img.png'],
      'Ungood/a.png': ['/set/Ungood/masks/a.png'],
      [`Ungood/${composed}.png`]: [`/set/Ungood/masks/${composed.normalize('NFD')}.png`],
    });
  });

  test('one that fits several images is refused', async () => {
    const fs = setOf(
      ...plain,
      ...plain.map((path) => path.replace('Ungood', 'bad')),
      ...numbers(4, (i) => `masks/${i}.png`),
    );
    assert.include(errors(await check(fs)), 'ambiguous_mask /set/masks/0.png');
  });

  test('an image called x_mask without an x is an image', async () => {
    const report = await check(
      setOf(...numbers(4, (i) => `good/${i}_scan.png`), ...numbers(4, (i) => `Ungood/s${i}_gt.png`)),
    );
    assert.deepEqual([report.kind, total(report)], ['image', [4, 4]]);
  });

  test('a lesion in the mask of a good image stops training as it stops the check', async () => {
    const fs = set((i) => `masks/Ungood/${i}.png`);
    fs.files.set('/set/masks/good/0.png', new Uint8Array(picture('x', 1).mask));
    assert.deepEqual(errors(await check(fs)), ['lesion_in_good /set/masks/good/0.png']);
  });

  test('inverted ones are refused, and read with a flag', async () => {
    const fs = set((i) => `Ungood/${i}_mask.png`);
    const right = await openDataset(fs, '/set');
    const [lesion] = [...right.splits.valid, ...right.splits.test].filter(({ mask }) => mask);
    const before = (await readMask(fs, lesion.mask!)).data;
    for (const path of [...fs.files.keys()].filter((one) => one.includes('_mask'))) {
      const mask = await readMask(fs, { paths: [path], background: 'black' });
      const inverted = { ...mask, data: mask.data.map((v) => 255 - v) };
      fs.files.set(path, new Uint8Array(encodePng(inverted)));
      if (path.includes('0_mask')) {
        const mixed = await check(fs);
        assert.match(mixed.problems[0].message, /in 1 of 4 masks the lesion lies around the rest.*background black$/);
        assert.deepEqual(mixed.problems[0].leave, ['Ungood/0.png', 'Ungood/0_mask.png']);
        assert.isTrue((await check(fs, { 'mask.background': 'black' })).ok);
      }
    }
    const report = await check(fs);
    assert.match(report.problems[0].message, /more than half .* in 4 of 4 masks.*--mask\.background white/);
    assert.isFalse(report.ok);
    const white = { 'mask.background': 'white' } as const;
    assert.isTrue((await check(fs, white)).ok);
    const mended = await openDataset(fs, '/set', white);
    const same = [...mended.splits.valid, ...mended.splits.test].find(({ id }) => id === lesion.id)!;
    assert.deepEqual((await readMask(fs, same.mask!)).data, before);
    assert.isTrue((await check(fs, { 'mask.background': 'black' })).ok, 'lesions may be that large');
  });

  test('a palette with a white background is refused, and read with a flag', async () => {
    const fs = set((i) => `Ungood/${i}_mask.png`);
    const samples = Array.from({ length: 120 }, (_, i) => Number(i < 12));
    const palette = makePng({ width: 12, height: 10, depth: 8, type: 3, samples, palette: [255, 255, 255, 200, 0, 0] });
    for (const path of [...fs.files.keys()]) if (path.includes('_mask')) fs.files.set(path, palette);
    assert.include(errors(await check(fs)).join(), 'inverted_masks');
    const rules = { 'mask.background': 'white' } as const;
    assert.isTrue((await check(fs, rules)).ok);
    const { splits } = await openDataset(fs, '/set', rules);
    const mask = await readMask(fs, splits.test.find((sample) => sample.mask)!.mask!);
    assert.equal(mask.data.filter((v) => v > 0).length, 12);
  });

  test('that are all empty are refused', async () => {
    const fs = set((i) => `Ungood/${i}_mask.png`);
    const empty = new Uint8Array(encodePng({ width: 12, height: 10, channels: 1, data: new Uint8Array(120) }));
    for (const path of [...fs.files.keys()]) if (path.includes('_mask')) fs.files.set(path, empty);
    const report = await check(fs);
    assert.deepEqual(errors(report), ['empty_masks /set', 'empty_masks /set']);
    assert.match(report.problems.at(-1)!.message, /all 2 abnormal images of test are empty/);
  });
});
