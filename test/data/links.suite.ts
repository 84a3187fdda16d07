import { assert } from 'chai';
import { checkDataset } from '../../src/data/layout/check.ts';
import { findInputs } from '../../src/data/layout/inputs.ts';
import { suite, test } from '../harness/registry.ts';
import { picture } from './datasets.ts';
import { expectFailure } from './expect_failure.ts';
import { MemoryFileSystem } from './memory_file_system.ts';

function filesOf(...paths: string[]): MemoryFileSystem {
  return new MemoryFileSystem(paths.map((path) => [path, picture(path).image]));
}

const reasons = ({ leftOut }: { leftOut: readonly { why: string; count: number }[] }) =>
  leftOut.map(({ why, count }) => `${why} ${count}`);

suite('images to be scored', () => {
  test('are found once, however links lead to them', async () => {
    const fs = filesOf('/in/a.png', '/in/sub/b.png', '/pool/c.png');
    fs.links.set('/in/self', '/in');
    fs.links.set('/in/sub/up', '/in');
    fs.links.set('/in/0.png', '/in/a.png');
    fs.links.set('/in/c.png', '/pool/c.png');
    fs.links.set('/in/pool', '/pool');
    fs.links.set('/in/gone.png', '/nothing');
    fs.links.set('/in/round', '/in/round');
    const found = await findInputs(fs, ['/in', '/in/a.png', '/in/sub']);
    assert.deepEqual(found.images, ['/in/a.png', '/in/c.png', '/in/sub/b.png']);
    assert.deepEqual(reasons(found), ['linked_twice 6', 'broken 2']);
  });

  test('are no FIFOs, hidden files and other files; these are counted', async () => {
    const fs = filesOf('/in/a.png', '/in/.b.png', '/in/notes.csv', '/in/c.gif');
    fs.specials.add('/in/p.png');
    const found = await findInputs(fs, ['/in']);
    assert.deepEqual(found.images, ['/in/a.png']);
    assert.deepEqual(reasons(found), ['unread 1', 'special 1', 'hidden 1', 'other 1']);
    await expectFailure(
      'bad_data',
      [/no PNG, JPEG, TIFF or BMP image in \/in\/p\.png/, /left out: FIFOs, sockets and devices: 1/],
      () => findInputs(fs, ['/in/p.png']),
    );
  });

  test('where there are none, what is there says what helps', async () => {
    const fs = filesOf('/noext/a', '/gif/a.gif', '/text/a.txt');
    fs.files.set('/text/a.txt', new Uint8Array(3));
    for (const [folder, advice] of [
      ['/noext', /whose names do not say so: 1\); give pictures names that end in \.png/],
      ['/gif', /a format that is not read: 1\); convert the pictures to PNG\.$/],
      ['/text', /no pictures by their names: 1\); give another path\.$/],
    ] as const) {
      await expectFailure('bad_data', [advice], () => findInputs(fs, [folder]));
    }
  });

  test('are no masks of other images, though a folder may be called label', async () => {
    const fs = filesOf('/in/img/a.png', '/in/label/a.png', '/in/x.png', '/in/x_mask.png', '/other/label/y.png');
    const found = await findInputs(fs, ['/in', '/other']);
    assert.deepEqual(found.images, ['/in/img/a.png', '/in/x.png', '/other/label/y.png']);
    assert.deepEqual(reasons(found), ['mask 2']);
    assert.deepEqual((await findInputs(fs, ['/in/label'])).images, ['/in/label/a.png']);
  });

  for (const [mark, text] of [
    ['predictions.json', '{\n  "fusionclip": "0.1.0",\n  "images": []\n}'],
    ['config.json', '{"fusionclip":"0.1.0"}'],
    ['predictions.csv', 'id,label,score,abnormal\n'],
  ]) {
    test(`are no heat maps of an earlier call: ${mark}`, async () => {
      const fs = filesOf('/in/a.png', '/in/results/maps/a.png', '/in/results/own.png');
      await fs.writeFile(`/in/results/${mark}`, text);
      const found = await findInputs(fs, ['/in']);
      assert.deepEqual(found.images, ['/in/a.png', '/in/results/own.png']);
      assert.deepEqual(reasons(found), ['output 2']);
    });
  }

  test('may lie beside files of other programs that are called the same', async () => {
    const fs = filesOf('/in/maps/a.png');
    await fs.writeFile('/in/config.json', '{"name": "ours"}');
    await fs.writeFile('/in/predictions.csv', 'image,score\n');
    assert.deepEqual((await findInputs(fs, ['/in'])).images, ['/in/maps/a.png']);
  });
});

suite('a data set with links and outputs in it', () => {
  const names = ['good/0.png', 'good/1.png', 'bad/0.png', 'bad/1.png'];

  test('a run folder inside of it changes nothing', async () => {
    const fs = filesOf(...names.map((name) => `/set/${name}`), '/set/runs/1/maps/test/good/0.png');
    await fs.writeFile('/set/runs/1/config.json', '{\n  "fusionclip": "0.1.0"\n}');
    const report = await checkDataset(fs, '/set');
    assert.deepEqual(
      [report.ok, report.images.valid, reasons(report)],
      [true, { normal: 1, abnormal: 1 }, ['output 2']],
    );
  });

  test('its images may be links, each taken once', async () => {
    const fs = filesOf(...names.map((name) => `/pool/${name}`));
    for (const name of names) fs.links.set(`/set/${name}`, `/pool/${name}`);
    fs.links.set('/set/bad/again', '/set/bad');
    fs.links.set('/set/bad/2.png', '/pool/bad/1.png');
    const report = await checkDataset(fs, '/set');
    assert.deepEqual(
      [report.ok, report.images.valid, reasons(report)],
      [true, { normal: 1, abnormal: 1 }, ['linked_twice 2']],
    );
  });
});
