import { assert } from 'chai';
import { baseName } from '../../src/base/paths.ts';
import { isImageName } from '../../src/data/decode.ts';
import { describeObject, findObject, objectName } from '../../src/data/layout/object_name.ts';
import { openDataset, readMask, readSample } from '../../src/data/layout/open.ts';
import { suite, test } from '../harness/registry.ts';
import { imageSet, picture, pixelSet, plainSet } from './datasets.ts';
import { expectFailure } from './expect_failure.ts';
import { MemoryFileSystem } from './memory_file_system.ts';

const ids = (samples: readonly { id: string }[]) => samples.map(({ id }) => id);

suite('data-set layouts', () => {
  test('opens a BMAD localisation set, with masks in either folder', async () => {
    for (const folder of ['anomaly_mask', 'label']) {
      const set = await openDataset(pixelSet(2, folder), '/Brain_AD');
      assert.deepEqual([set.name, set.layout, set.kind], ['Brain_AD', 'bmad', 'pixel']);
      assert.deepEqual(ids(set.splits.test), [
        'test/Ungood/img/a0.png',
        'test/Ungood/img/a1.png',
        'test/good/img/n0.png',
        'test/good/img/n1.png',
      ]);
      const [abnormal, , normal] = set.splits.valid;
      assert.deepEqual(abnormal, {
        id: 'valid/Ungood/img/a0.png',
        path: '/Brain_AD/valid/Ungood/img/a0.png',
        label: 1,
        mask: { paths: [`/Brain_AD/valid/Ungood/${folder}/a0.png`], background: 'black' },
        split: 'valid',
        patient: null,
      });
      assert.deepEqual([normal.label, normal.mask], [0, null]);
    }
  });

  test('opens a BMAD image-level set; extensions in any case', async () => {
    const set = await openDataset(imageSet(2, 1), '/Chest_AD');
    assert.equal(set.kind, 'image');
    assert.deepEqual(ids(set.splits.valid), ['valid/Ungood/a0.JPEG', 'valid/good/n0.png', 'valid/good/n1.png']);
  });

  test('reads no image while opening', async () => {
    const fs = pixelSet();
    await openDataset(fs, '/Brain_AD');
    assert.deepEqual(fs.reads, []);
  });

  test('takes masks of another extension and of good images, and skips hidden and foreign files', async () => {
    const fs = pixelSet(1);
    fs.files.set('/Brain_AD/test/Ungood/img/b.jpeg', fs.files.get('/Brain_AD/test/Ungood/img/a0.png')!);
    fs.files.set('/Brain_AD/test/Ungood/anomaly_mask/b.PNG', new Uint8Array(1));
    fs.files.set('/Brain_AD/test/good/label/n0.png', new Uint8Array(1));
    for (const junk of ['._b.png', '.DS_Store', 'Thumbs.db']) {
      fs.files.set(`/Brain_AD/test/Ungood/img/${junk}`, new Uint8Array(1));
    }
    const { test: samples } = (await openDataset(fs, '/Brain_AD')).splits;
    assert.deepEqual(
      samples.map(({ mask }) => mask && baseName(mask.paths[0])),
      ['a0.png', 'b.PNG', 'n0.png'],
    );
  });

  test('deals out a folder without splits by seed, each class by itself', async () => {
    const set = await openDataset(plainSet(5), '/mine', { 'split.seed': 3 });
    assert.deepEqual([set.layout, set.kind], ['folder', 'image']);
    for (const folder of ['good', 'cut', 'hole']) {
      const count = (split: 'valid' | 'test') => set.splits[split].filter(({ id }) => id.startsWith(folder)).length;
      assert.deepEqual([count('valid'), count('test')], [3, 2], folder);
    }
    assert.deepEqual(await openDataset(plainSet(5), '/mine', { 'split.seed': 3 }), set);
    const others = await Promise.all(
      [4, 5, 6].map((seed) => openDataset(plainSet(5), '/mine', { 'split.seed': seed })),
    );
    assert.isTrue(others.some((other) => ids(other.splits.valid).join() !== ids(set.splits.valid).join()));
  });

  test('takes no folder of masks, of hidden or of packed files for a class', async () => {
    const fs = plainSet(4, true);
    for (const folder of ['masks', '__MACOSX', '.cache', 'label']) {
      await fs.writeFile(`/mine/${folder}/x.png`, picture('x').image);
    }
    const set = await openDataset(fs, '/mine');
    const folders = [...set.splits.valid, ...set.splits.test].map(({ id }) => id.split('/')[0]);
    assert.deepEqual([...new Set(folders)].sort(), ['cut', 'good', 'hole']);
  });

  test('the validation split may have any of its usual names', async () => {
    for (const name of ['val', 'Validation', 'VALID']) {
      const files = [...imageSet(2, 1).files].map(
        ([path, bytes]) => [path.replace('/valid/', `/${name}/`), bytes] as const,
      );
      const set = await openDataset(new MemoryFileSystem(files), '/Chest_AD');
      assert.deepEqual([set.layout, set.splits.valid.length], ['bmad', 3], name);
    }
  });

  test('of two masks of one image the lossless one is taken', async () => {
    const fs = pixelSet(2);
    const folder = '/Brain_AD/test/Ungood/anomaly_mask';
    fs.files.set(`${folder}/a1.jpg`, new Uint8Array(1));
    fs.files.set(`${folder}/a0.jpg`, fs.files.get(`${folder}/a0.png`)!);
    const { test: samples } = (await openDataset(fs, '/Brain_AD')).splits;
    const masks = samples.flatMap(({ mask }) => mask?.paths.map(baseName) ?? []);
    assert.deepEqual(masks, ['a0.png', 'a1.png']);
  });

  test('finds MVTec masks in ground_truth', async () => {
    const set = await openDataset(plainSet(2, true), '/mine');
    assert.equal(set.kind, 'pixel');
    const abnormal = [...set.splits.valid, ...set.splits.test].filter(({ label }) => label === 1);
    assert.deepEqual(abnormal.map(({ mask }) => mask?.paths[0].slice('/mine/ground_truth/'.length)).sort(), [
      'cut/0_mask.png',
      'cut/1_mask.png',
      'hole/0.png',
      'hole/1.png',
    ]);
  });

  test('an MVTec set takes its normal support from train and keeps test/good whole', async () => {
    const files = [...plainSet(4, true).files].map(
      ([path, bytes]) => [path.includes('ground_truth') ? path : path.replace('/mine/', '/mine/test/'), bytes] as const,
    );
    const fs = new MemoryFileSystem(files);
    await fs.writeFile('/mine/train/good/t.png', picture('t').image);
    const set = await openDataset(fs, '/mine');
    assert.deepEqual([set.layout, set.kind], ['mvtec', 'pixel']);
    assert.deepEqual(ids(set.splits.valid.filter(({ label }) => label === 0)), ['train/good/t.png']);
    assert.equal(set.splits.test.filter(({ label }) => label === 0).length, 4);
    assert.equal(set.splits.valid.filter(({ label }) => label === 1).length, 4);
  });

  test('reads samples and masks', async () => {
    const fs = pixelSet(1);
    const [sample] = (await openDataset(fs, '/Brain_AD')).splits.test;
    assert.deepEqual([(await readSample(fs, sample)).width, (await readMask(fs, sample.mask!)).height], [12, 10]);
  });
});

suite('wrong data-set layouts', () => {
  const failure = (fs: MemoryFileSystem, path: string, patterns: RegExp[]) =>
    expectFailure('bad_data', patterns, () => openDataset(fs, path));

  test('a missing folder is an io error', async () => {
    await expectFailure('io', [/no folder \/nowhere/], () => openDataset(pixelSet(), '/nowhere'));
  });

  test('a folder with nothing in it is no folder of which everything is left out', async () => {
    const fs = new MemoryFileSystem();
    const { stat } = fs;
    fs.stat = async (path) => (path === '/bare' ? { kind: 'directory', bytes: 0 } : stat.call(fs, path));
    await failure(fs, '/bare', [/\/bare is not a data set/]);
  });

  test('another arrangement: says what was looked for and what is there', async () => {
    const fs = new MemoryFileSystem([['/all/Brain_AD/x.png', new Uint8Array(1)]]);
    await failure(fs, '/all', [/\/all is not a data set/, /valid\/ and test\//, /found Brain_AD/]);
  });

  test('a split without good', async () => {
    const fs = pixelSet();
    await fs.remove('/Brain_AD/valid/good');
    await failure(fs, '/Brain_AD', [/\/Brain_AD\/valid has no normal images, only Ungood/]);
  });

  test('hidden files are not among those that are found instead of images', async () => {
    const fs = pixelSet(2);
    await fs.remove('/Brain_AD/valid/good/img');
    for (const name of ['.a.txt', '.b.txt', 'c.md']) await fs.writeFile(`/Brain_AD/valid/good/img/${name}`, 'x');
    await failure(fs, '/Brain_AD', [/but 1 file of type \.md;/]);
  });

  test('an empty class: says where, and which files are there instead', async () => {
    const fs = pixelSet();
    await fs.remove('/Brain_AD/valid/Ungood/img');
    fs.files.set('/Brain_AD/valid/Ungood/img/a.dcm', new Uint8Array(1));
    await failure(fs, '/Brain_AD', [
      /\/Brain_AD\/valid\/Ungood\/img/,
      /abnormal images of the valid split/,
      /1 file of type \.dcm/,
    ]);
  });

  test('an abnormal image without a mask is named', async () => {
    const fs = pixelSet();
    await fs.remove('/Brain_AD/test/Ungood/anomaly_mask/a1.png');
    await failure(fs, '/Brain_AD', [/\/Brain_AD\/test\/Ungood\/img\/a1\.png: no mask in .*anomaly_mask/]);
  });

  test('a localisation set without a mask folder', async () => {
    const fs = pixelSet(2);
    await fs.remove('/Brain_AD/test/Ungood/anomaly_mask');
    await failure(fs, '/Brain_AD', [
      /no mask because there is no folder anomaly_mask or label/,
      /There is 1 more like it: see/,
    ]);
  });

  test('too few images to divide', async () => {
    await failure(plainSet(1), '/mine', [/too few normal images/, /at least two/]);
  });
});

suite('names of objects and paths', () => {
  test('the six BMAD sets have the names of MVFA', () => {
    for (const [folder, name] of [
      ['data/Brain_AD', 'Brain'],
      ['Liver_AD/', 'Liver'],
      ['Retina_RESC', 'retinal OCT'],
      ['Retina_OCT2017_AD', 'retinal OCT'],
      ['/x/Chest_AD', 'Chest X-ray film'],
      ['Histopathology_AD', 'histopathological image'],
      ['brats_flair', 'Brain'],
      ['nih_chest', 'Chest X-ray film'],
      ['metal_nut', 'metal nut'],
    ]) {
      assert.equal(objectName(folder), name, folder);
    }
    assert.equal(objectName('Brain_AD', 'LiverCT'), 'LiverCT');
    assert.equal(objectName('my_knee_ad'), 'my knee');
  });

  test('words of a name are words: a part of another word is none', () => {
    for (const [folder, object] of [
      ['knee_rescan', 'knee rescan'],
      ['doctors', 'doctors'],
      ['livermore lab', 'livermore lab'],
      ['brainstorm', 'brainstorm'],
      ['hand_xray', 'hand xray'],
      ['BrainMRI', 'Brain'],
      ['BraTS2021', 'Brain'],
      ['OCT-2017', 'retinal OCT'],
      ['myChest14', 'Chest X-ray film'],
    ]) {
      assert.equal(objectName(folder), object, folder);
    }
  });

  test('a name that says nothing is not put into prompts', () => {
    for (const folder of [
      'data',
      '.',
      '/',
      'x123',
      'data_set_2',
      'base',
      'n4',
      'qx_01',
      'NEW images (1)',
      '2024-05-01',
    ]) {
      assert.deepEqual(describeObject(folder), { object: 'medical image', from: 'none' }, folder);
    }
    assert.deepEqual(describeObject('data', 'knee'), { object: 'knee', from: 'given' });
    assert.deepEqual(describeObject('metal_nut'), { object: 'metal nut', from: 'folder' });
  });

  test('is the same however the path is typed', async () => {
    const fs = Object.assign(pixelSet(1), { absolutePath: async () => '/x/Brain_AD' });
    for (const path of ['.', './', '../Brain_AD']) assert.equal((await findObject(fs, path)).object, 'Brain', path);
  });

  test('an image is known by the ending of its name', () => {
    const names = ['a.png', 'b.JpG', '._a.png', 'c.tif', 'd.BMP', 'e.gif'];
    assert.deepEqual(names.filter(isImageName), ['a.png', 'b.JpG', 'c.tif', 'd.BMP']);
  });
});
