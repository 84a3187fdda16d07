import { assert } from 'chai';
import { ruleStream } from '../../src/base/rule.ts';
import { checkDataset } from '../../src/data/layout/check.ts';
import type { Sample } from '../../src/data/layout/dataset.ts';
import { dealByPatient } from '../../src/data/layout/deal.ts';
import { openDataset } from '../../src/data/layout/open.ts';
import { patientOfId } from '../../src/data/layout/patients.ts';
import { sampleShots } from '../../src/data/shots.ts';
import { suite, test } from '../harness/registry.ts';
import { picture } from './datasets.ts';
import { expectFailure } from './expect_failure.ts';
import { MemoryFileSystem } from './memory_file_system.ts';

/** A set without splits: eight patients, each with three normal and three abnormal slices. */
function slices(name: (patient: number, slice: number) => string): MemoryFileSystem {
  const files: [string, Uint8Array][] = [];
  for (const folder of ['good', 'bad']) {
    for (let patient = 0; patient < 8; patient++) {
      for (let slice = 0; slice < 3; slice++) {
        const path = `/set/${folder}/${name(patient, slice)}`;
        files.push([path, picture(path).image]);
      }
    }
  }
  return new MemoryFileSystem(files);
}

const byName = slices((patient, slice) => `p0${patient}_${slice}.png`);
const byFolder = slices((patient, slice) => `case ${patient}/s${slice}.png`);

suite('patients', () => {
  for (const [group, fs] of [
    ['auto', byName],
    ['^(p\\d+)', byName],
    ['folder', byFolder],
    ['case (\\d+)', byFolder],
  ] as const) {
    test(`lie on one side of a split, with half of the images there: --group ${group}`, async () => {
      for (const seed of [0, 1, 2]) {
        const { splits } = await openDataset(fs, '/set', { group, 'split.seed': seed });
        const of = (split: 'valid' | 'test') => new Set(splits[split].map(({ patient }) => patient));
        assert.deepEqual([of('valid').size, of('test').size], [4, 4]);
        assert.isTrue([...of('valid')].every((patient) => patient !== null && !of('test').has(patient)));
        assert.deepEqual([splits.valid.length, splits.test.length], [24, 24]);
      }
    });
  }

  test('give one support image each, and none to the images that are selected on', async () => {
    const set = await openDataset(byName, '/set', { group: 'auto' });
    const { normal, abnormal, rest } = sampleShots(set, 2, 0, 0);
    const support = new Set([...normal, ...abnormal].map(({ patient }) => patient));
    assert.equal(support.size, 2);
    assert.isTrue(rest.length > 0 && rest.every(({ patient }) => !support.has(patient)));
    const all = sampleShots(set, 6, 0, 0).normal.map(({ patient }) => patient);
    assert.deepEqual([new Set(all.slice(0, 4)).size, new Set(all).size], [4, 4]);
  });

  test('that are on both sides are said, and are not where they are gone by', async () => {
    const loose = await checkDataset(byName, '/set');
    assert.match(loose.leaks.warnings.join(), /patients or volumes are in valid and in test.*--group auto/);
    assert.deepEqual([loose.patients!.used, loose.ok], [false, true]);
    const kept = await checkDataset(byName, '/set', { rules: { group: 'auto' } });
    assert.deepEqual(kept.leaks.warnings, []);
    assert.deepEqual(kept.patients, { rule: 'auto', used: true, valid: 4, test: 4, unknown: 0 });
  });

  test('whose folders are on both sides are said; a few folders may be kinds of images', async () => {
    const told = async (fs: MemoryFileSystem, group?: string) => {
      const { leaks } = await checkDataset(fs, '/set', { rules: { group, 'split.seed': 1 } });
      return leaks.warnings.join('\n');
    };
    assert.match(
      await told(byFolder),
      /^\d folders below the classes are in valid and in test, e\.g\. case \d; where these are patients, .*--group folder/,
    );
    assert.equal(await told(byFolder, 'folder'), '');
    const kinds = slices((patient, slice) => `T${patient % 2}/${'abcdefgh'[patient]}${'xyz'[slice]}.png`);
    assert.equal(await told(kinds), '');
    const words = slices((patient, slice) => `${'abcdefgh'[patient]}/${'xyz'[slice]}.png`);
    assert.equal(await told(words), '');
  });

  test('one alone in test is said, and so are equal files on both sides', async () => {
    const fs = new MemoryFileSystem();
    for (const path of ['valid/good/a1_1', 'valid/bad/a2_1', 'test/good/b3_1', 'test/bad/b3_2']) {
      fs.files.set(`/set/${path}.png`, new Uint8Array(picture(path).image));
    }
    fs.files.set('/set/test/bad/b3_2.png', fs.files.get('/set/valid/bad/a2_1.png')!);
    const { warnings } = (await checkDataset(fs, '/set')).leaks;
    assert.match(warnings[0], /1 picture is in valid and in test, e\.g\. .*a2_1\.png/);
    assert.match(warnings[1], /all 2 test images are of one patient or volume \(b3\)/);
  });

  test('are found by an image id alone; a rule that is no regular expression is refused', async () => {
    assert.equal(patientOfId('folder')('test/good/case 7/s1.png'), 'case 7');
    assert.isNull(patientOfId(null)('p01_2.png'));
    await expectFailure('usage', [/--group takes/], () => patientOfId('('));
  });

  test('are dealt in the order of a stream: the first to valid, each class half, and to the side that is not over', () => {
    const sample = (id: string, patient: string): Sample => ({
      ...{ id, path: id, label: 0, mask: null, split: 'valid', patient },
    });
    for (const seed of [3, 4, 5, 6]) {
      const random = ruleStream('split.patients', seed);
      const [first, second] = random(0) < random(1) ? ['a', 'b'] : ['b', 'a'];
      const one = [sample('1', 'b'), sample('2', 'a')];
      for (const samples of [one, one.toReversed()]) {
        const dealt = dealByPatient([{ imageFolder: 'good', samples }], [], seed);
        const of = (patient: string) => dealt.get(samples.find((each) => each.patient === patient)!.id);
        assert.deepEqual([of(first), of(second)], ['valid', 'test'], `seed ${seed}`);
      }
      // Room for two and for one. The first image has taken one place of valid, so two more are one too many on either side.
      const three = [sample('1', first), sample('2', second), sample('3', second)];
      const dealt = dealByPatient([{ imageFolder: 'good', samples: three }], [], seed);
      assert.deepEqual([...dealt.values()], ['valid', 'valid', 'valid'], `seed ${seed}`);
    }
  });
});
