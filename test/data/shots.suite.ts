import { assert } from 'chai';
import type { Dataset } from '../../src/data/layout/dataset.ts';
import { openDataset } from '../../src/data/layout/open.ts';
import { listedShots, sampleShots } from '../../src/data/shots.ts';
import { suite, test } from '../harness/registry.ts';
import { imageSet } from './datasets.ts';
import { expectFailure } from './expect_failure.ts';

const chest = (normal = 9, abnormal = 6): Promise<Dataset> => openDataset(imageSet(normal, abnormal), '/Chest_AD');
const ids = (samples: readonly { id: string }[]) => samples.map(({ id }) => id);

suite('random shots', () => {
  test('come from valid, without repetition, and leave the rest', async () => {
    const { normal, abnormal, rest } = sampleShots(await chest(), 4, 2, 1);
    assert.isTrue(normal.every(({ label, split }) => label === 0 && split === 'valid'));
    assert.isTrue(abnormal.every(({ label, split }) => label === 1 && split === 'valid'));
    assert.deepEqual([normal.length, abnormal.length, rest.length], [4, 2, 9]);
    assert.equal(new Set(ids([...normal, ...abnormal, ...rest])).size, 15);
  });

  test('depend on the seed and not on the order of files', async () => {
    const set = await chest();
    const reversed = { ...set, splits: { ...set.splits, valid: [...set.splits.valid].reverse() } };
    const drawn = ids(sampleShots(set, 3, 3, 5).normal);
    assert.deepEqual(ids(sampleShots(reversed, 3, 3, 5).normal), drawn);
    const others = [6, 7, 8].map((seed) => ids(sampleShots(set, 3, 3, seed).normal).join());
    assert.isTrue(others.some((other) => other !== drawn.join()));
  });

  test('of 2 are part of those of 4', async () => {
    const set = await chest();
    assert.deepEqual(ids(sampleShots(set, 4, 4, 2).abnormal).slice(0, 2), ids(sampleShots(set, 2, 2, 2).abnormal));
  });

  test('may have no abnormal image', async () => {
    assert.deepEqual(sampleShots(await chest(), 2, 0, 1).abnormal, []);
  });

  test('images of so many patients: nested in the number, each patient once before twice, refused where there are too few', async () => {
    const set = await chest(8, 6);
    const valid = set.splits.valid.map((sample, i) => ({ ...sample, patient: `p${i % 4}` }));
    const known = { ...set, splits: { ...set.splits, valid } };
    const of = (patients: number | null, count = 4) => sampleShots(known, count, 2, 3, patients).normal;
    const people = (patients: number | null) => new Set(of(patients).map(({ patient }) => patient));
    assert.deepEqual([people(null).size, people(4).size, people(2).size], [4, 4, 2]);
    assert.isTrue([...people(2)].every((one) => people(4).has(one)));
    assert.equal(new Set(ids(of(2))).size, 4);
    assert.equal(sampleShots(known, 1, 0, 3, 1).abnormal.length, 0);
    await expectFailure('bad_data', [/of 4 patients in valid/, /5 asked for/], () => of(5));
    await expectFailure(
      'bad_data',
      [/1 patient of valid has 2 normal images together, fewer than the 4 shots/, /more patients/],
      () => of(1),
    );
    await expectFailure('usage', [/nobody knows whose/], () => sampleShots(set, 2, 1, 1, 1));
  });

  test('more than there are: the error has both counts', async () => {
    const set = await chest(3, 2);
    await expectFailure('bad_data', [/has 3 normal images in valid/, /4 shots/], () => sampleShots(set, 4, 1, 1));
    await expectFailure('bad_data', [/has 2 abnormal images/], () => sampleShots(set, 3, 3, 1));
    await expectFailure('usage', [/-1/], () => sampleShots(set, -1, 1, 1));
  });
});

suite('listed shots', () => {
  test('are those that an MVFA list names, in its order', async () => {
    const set = await chest();
    const shots = listedShots(set, 'a-0: a3.JPEG a1.JPEG \nn-0: n8.png x/n2.png', '2-shot.txt');
    assert.deepEqual(ids(shots.abnormal), ['valid/Ungood/a3.JPEG', 'valid/Ungood/a1.JPEG']);
    assert.deepEqual(ids(shots.normal), ['valid/good/n8.png', 'valid/good/n2.png']);
    assert.equal(shots.rest.length, 11);
  });

  test('of another draw are chosen by the index', async () => {
    const list = 'n-0: n1.png\r\na-0: a1.JPEG\r\nn-1: n2.png\r\na-1: a2.JPEG\r\n';
    assert.deepEqual(ids(listedShots(await chest(), list, 'l.txt', 1).normal), ['valid/good/n2.png']);
  });

  test('may be the shots.json of a run, by ids', async () => {
    const set = await chest();
    const named = { seed: 3, normal: ['valid/good/n8.png', 'valid/good/n2.png'], abnormal: ['valid/Ungood/a1.JPEG'] };
    const shots = listedShots(set, JSON.stringify(named), 'shots.json');
    assert.deepEqual([ids(shots.normal), ids(shots.abnormal)], [named.normal, named.abnormal]);
    assert.equal(shots.rest.length, 12);
  });

  test('a wrong list is explained', async () => {
    const set = await chest();
    for (const [list, pattern] of [
      ['n-0: n1.png gone.png', /l\.txt names gone\.png, which is not among the normal images of Chest_AD\/valid/],
      ['n-0: a1.JPEG', /not among the normal/],
      ['n-0: n1.png n1.png', /line 1 names n1\.png twice/],
      ['n1.png n2.png', /line 1 is not of the form/],
      ['n-1: n1.png', /no line n-0: or a-0: \(found n-1\)/],
      ['', /found nothing/],
      ['{"normal": ["n1.png"], "abnormal": []}', /names n1\.png, which is not among the normal images/],
      ['{"normal": [], "abnormal": ["valid/good/n1.png"]}', /not among the abnormal images/],
      ['{"normal": ["valid/good/n1.png", "valid/good/n1.png"], "abnormal": []}', /names valid\/good\/n1\.png twice/],
      ['{"normal": []}', /not the shots\.json of a run: it has no list "abnormal"/],
      ['{"normal"', /not the shots\.json/],
    ] as const) {
      await expectFailure('bad_data', [pattern], () => listedShots(set, list, 'l.txt'));
    }
  });
});
