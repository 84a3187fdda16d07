import { assert } from 'chai';
import { auditDataset, findDatasets } from '../../src/data/audit/audit.ts';
import { fingerprint, nearPairs, pictureDistance } from '../../src/data/audit/fingerprint.ts';
import { sharedSources, sourceName } from '../../src/data/audit/source_name.ts';
import type { Image } from '../../src/data/image.ts';
import { rulePicture } from '../../src/data/picture.ts';
import { encodePng } from '../../src/data/png.ts';
import { resizeImage } from '../../src/data/resize.ts';
import { suite, test } from '../harness/registry.ts';
import { imageSet, pixelSet } from './datasets.ts';
import { expectFailure } from './expect_failure.ts';
import { MemoryFileSystem } from './memory_file_system.ts';

const OPTIONS = { near: 0.02 };

function large(name: string): Image {
  return rulePicture(name, 1, 64, 48, 1, 1).image;
}

/** The picture with every value moved by up to 5 and darkened, as another export of it would be. */
function exportedAgain(image: Image): Image {
  const data = Uint8Array.from(image.data, (v, i) => Math.min(255, Math.max(0, 0.8 * v + ((7 * i) % 11) - 5)));
  return { ...image, data };
}

/** A set with masks whose files are named `volume_slice.png`, each picture different. */
function volumes(names: Readonly<Record<string, readonly string[]>>): MemoryFileSystem {
  const fs = new MemoryFileSystem();
  for (const [folder, files] of Object.entries(names)) {
    for (const name of files) {
      const { image, mask } = rulePicture(name, 1, 64, 48, 1, 1);
      fs.files.set(`/Liver_AD/${folder}/img/${name}`, new Uint8Array(encodePng(image)));
      if (folder.endsWith('Ungood')) {
        fs.files.set(`/Liver_AD/${folder}/label/${name}`, new Uint8Array(encodePng(mask)));
      }
    }
  }
  return fs;
}

const CLEAN = {
  'valid/good': ['1_10.png', '1_11.png'],
  'valid/Ungood': ['2_20.png', '2_21.png'],
  'test/good': ['3_10.png', '4_10.png'],
  'test/Ungood': ['5_30.png', '5_31.png'],
};

suite('data audit', () => {
  test('a set whose volumes and images are all different leaks nothing', async () => {
    const progress: string[] = [];
    const report = await auditDataset(volumes(CLEAN), '/Liver_AD', {
      ...OPTIONS,
      onProgress: (what, done, total) => progress.push(`${what} ${done}/${total}`),
    });
    assert.deepEqual(report, {
      path: '/Liver_AD',
      name: 'Liver_AD',
      images: { train: 0, valid: 4, test: 4 },
      identical: [],
      near: [],
      shared: [],
      lists: [],
      notNested: [],
      problems: [],
      leaks: false,
    });
    assert.includeMembers(progress, ['images 8/8', 'pairs 4/4']);
  });

  test('an equal file in train and test, and a picture exported again, are found', async () => {
    const fs = volumes({ ...CLEAN, 'train/good': ['8_1.png', '9_1.png'] });
    fs.files.set('/Liver_AD/train/good/img/8_1.png', fs.files.get('/Liver_AD/test/good/img/3_10.png')!);
    const again = encodePng(exportedAgain(large('4_10.png')));
    fs.files.set('/Liver_AD/valid/good/img/1_11.png', new Uint8Array(again));
    const { identical, near, images, leaks } = await auditDataset(fs, '/Liver_AD', OPTIONS);
    assert.deepEqual(images, { train: 2, valid: 4, test: 4 });
    assert.deepEqual(
      identical.map(({ files, across }) => ({ files, across })),
      [{ files: ['test/good/img/3_10.png', 'train/good/img/8_1.png'], across: true }],
    );
    assert.deepEqual(
      near.map(({ support, test: other }) => [support, other]),
      [['valid/good/img/1_11.png', 'test/good/img/4_10.png']],
    );
    assert.isBelow(near[0].distance, 0.02);
    assert.isTrue(leaks);
  });

  test('equal files on one side are told, and are no leak', async () => {
    const fs = volumes(CLEAN);
    fs.files.set('/Liver_AD/test/good/img/3_10.png', fs.files.get('/Liver_AD/test/good/img/4_10.png')!);
    const { identical, leaks } = await auditDataset(fs, '/Liver_AD', OPTIONS);
    assert.deepEqual([identical.length, identical[0].across, leaks], [1, false, false]);
    assert.match(identical[0].sha256, /^[0-9a-f]{64}$/);
  });

  test('a volume with slices on both sides is found by its name', async () => {
    const fs = volumes({ ...CLEAN, 'test/good': ['1_12.png', '4_10.png'] });
    const { shared, leaks } = await auditDataset(fs, '/Liver_AD', OPTIONS);
    assert.deepEqual(shared, [
      {
        source: '1',
        support: ['valid/good/img/1_10.png', 'valid/good/img/1_11.png'],
        test: ['test/good/img/1_12.png'],
      },
    ]);
    assert.isTrue(leaks);
  });

  test('few-shot lists: what is not nested, which volumes are in test, which images are not there', async () => {
    const fs = volumes({ ...CLEAN, 'test/Ungood': ['2_22.png', '5_31.png'] });
    await fs.writeFile('/lists/2-shot.txt', 'n-0: 1_10.png\na-0: 2_20.png 2_21.png');
    await fs.writeFile('/lists/4-shot.txt', 'a-0: 2_21.png 7_1.png\nn-0: 1_10.png 1_11.png');
    const { lists, notNested, leaks } = await auditDataset(fs, '/Liver_AD', { ...OPTIONS, lists: '/lists' });
    assert.deepEqual(notNested, [
      { smaller: '2-shot.txt', larger: '4-shot.txt', label: 'abnormal', missing: ['2_20.png'] },
    ]);
    assert.deepEqual(
      lists.map(({ shots, unknown, sources, shared }) => [shots, unknown, sources, shared.map((one) => one.source)]),
      [
        [2, [], 2, ['2']],
        [4, ['7_1.png'], 3, ['2']],
      ],
    );
    assert.isTrue(leaks);
  });

  test('a mask that is missing, empty or of another size, and a truncated image, do not stop it', async () => {
    const fs = pixelSet(3);
    await fs.remove('/Brain_AD/test/Ungood/anomaly_mask/a0.png');
    fs.files.set('/Brain_AD/test/Ungood/anomaly_mask/a1.png', new Uint8Array(encodePng(blank(12, 10))));
    fs.files.set('/Brain_AD/test/Ungood/anomaly_mask/a2.png', new Uint8Array(encodePng(blank(5, 4))));
    const image = '/Brain_AD/test/good/img/n0.png';
    fs.files.set(image, fs.files.get(image)!.slice(0, 60));
    const { problems, images } = await auditDataset(fs, '/Brain_AD', OPTIONS);
    const expected = ['broken_image', 'empty_mask', 'empty_mask', 'empty_masks', 'missing_mask', 'size_mismatch'];
    assert.deepEqual(problems.map(({ kind }) => kind).sort(), expected);
    assert.equal(images.test, 6);
  });

  test('an empty folder, and a list of another form, are refused', async () => {
    const fs = pixelSet(1);
    await expectFailure('io', [/no folder \/nothing/], () => auditDataset(fs, '/nothing', OPTIONS));
    await fs.writeFile('/Brain_AD/2-shot.txt', 'n-0 no colon');
    await expectFailure('bad_data', [/2-shot\.txt, line 1/], () => auditDataset(fs, '/Brain_AD', OPTIONS));
  });

  test('a folder of several sets stands for all of them', async () => {
    const fs = new MemoryFileSystem();
    for (const one of [pixelSet(1), imageSet(1, 1)]) {
      for (const [path, bytes] of one.files) fs.files.set(`/bmad${path}`, bytes);
    }
    fs.files.set('/bmad/notes/readme.txt', new Uint8Array(1));
    assert.deepEqual(await findDatasets(fs, '/bmad'), ['/bmad/Brain_AD', '/bmad/Chest_AD']);
    assert.deepEqual(await findDatasets(fs, '/bmad/Brain_AD'), ['/bmad/Brain_AD']);
    await expectFailure('bad_data', [/not a data set/], () => findDatasets(fs, '/bmad/notes'));
  });
});

suite('names of patients and volumes', () => {
  test('are what stands before the last number', () => {
    const sources = ['01388_60.png', 'DME-1017237-4.jpeg', 'a/pat0003_1_z062.png', 'normal_014_88.png'].map((name) =>
      sourceName(name),
    );
    assert.deepEqual(sources, ['01388', 'DME-1017237', 'pat0003_1', 'normal_014']);
    for (const name of ['0007.png', 'good_12.png', '000924cf-0f8d-42bd-9158-1af53881a557.png', 'scan.png']) {
      assert.isNull(sourceName(name), name);
    }
    assert.equal(sourceName('p12-left-003.png', /^(p\d+)/), 'p12');
    assert.isNull(sourceName('left.png', /^(p\d+)/));
  });

  test('one that all images share names the set', () => {
    assert.deepEqual(sharedSources(['brain_1_01.png'], ['brain_1_02.png']), []);
    assert.equal(sharedSources(['brain_1_01.png', 'brain_2_01.png'], ['brain_1_02.png']).length, 1);
  });
});

suite('picture distance', () => {
  test('noise, contrast and size change little; another picture is far away', () => {
    const one = large('one');
    const same = [exportedAgain(one), resizeImage(one, 32, 24)].map((image) =>
      pictureDistance(fingerprint(one), fingerprint(image)),
    );
    for (const distance of same) assert.isBelow(distance, 0.02);
    assert.isAbove(pictureDistance(fingerprint(one), fingerprint(large('two'))), 0.2);
    assert.isBelow(pictureDistance(fingerprint(one), fingerprint(one)), 1e-6);
  });

  test('a picture of one colour is near to nothing', () => {
    assert.equal(pictureDistance(fingerprint(blank(9, 9)), fingerprint(blank(9, 9))), 1);
  });

  test('the pairs are those of a comparison of all with all', () => {
    const prints = Array.from({ length: 12 }, (_, i) => fingerprint(large(`picture ${i}`)));
    const threshold = 0.97;
    const plain = prints.slice(0, 5).flatMap((a, i) =>
      prints.slice(5).flatMap((b, j) => {
        const distance = pictureDistance(a, b);
        return distance <= threshold ? [`${i} ${j}`] : [];
      }),
    );
    const pairs = nearPairs(prints.slice(0, 5), prints.slice(5), threshold);
    assert.isNotEmpty(plain);
    assert.sameMembers(
      pairs.map(({ a, b }) => `${a} ${b}`),
      plain,
    );
    const distances = pairs.map(({ distance }) => distance);
    assert.deepEqual(
      distances,
      [...distances].sort((p, q) => p - q),
    );
  });
});

function blank(width: number, height: number): Image {
  return { width, height, channels: 1, data: new Uint8Array(width * height) };
}
