import { assert } from 'chai';
import { allSteps } from '../../src/base/steps.ts';
import { samplingOf } from '../../src/detect/sampling.ts';
import { suite, test } from '../harness/registry.ts';
import { ruleSet } from '../train/rule_set.ts';
import { contextOf, smallRun, textOf } from '../train/small_run.ts';

const image = (id: string, label: 0 | 1, score: number) => ({ id, label, score });
const patientOf = (id: string) => id.split('_')[0];

suite('intervals and patients', () => {
  const images = [
    ...[image('p1_1', 0, 0.1), image('p1_2', 0, 0.2), image('p2_1', 0, 0.9)],
    ...[image('p3_1', 1, 0.5), image('p3_2', 1, 0.3), image('p4_1', 1, 0.8)],
  ];

  test('a patient counts once, by the highest of its images', () => {
    const { patients, drawn, units } = allSteps(samplingOf(images, patientOf, 0.5, 1))!;
    assert.deepEqual([drawn, units], ['patients', 4]);
    // 0.2 and 0.9 against 0.5 and 0.8: two of four pairs; at 0.5 both abnormal ones are found, and one normal one is.
    assert.deepInclude(patients!, { normal: 2, abnormal: 2, auroc: 0.5, sensitivity: 1, specificity: 0.5 });
    assert.deepInclude(allSteps(samplingOf(images, patientOf, null, 1))!.patients!, {
      sensitivity: null,
      specificity: null,
    });
    assert.isNull(allSteps(samplingOf(images, null, 0.5, 1))!.patients);
    assert.isNull(allSteps(samplingOf(images.slice(0, 3), patientOf, 0.5, 1)));
  });

  test('where no image is out of order, the interval is exact: draws would say 1 of three images', () => {
    const apart = [0, 1].flatMap((label) =>
      [1, 2, 3].map((i) => image(`p${label}${i}_0`, label as 0 | 1, label + i / 9)),
    );
    const { imageAuroc, imageAveragePrecision, exact } = allSteps(samplingOf(apart, null, null, 1))!;
    // Three pairs in order, each with the probability AUROC: 0.025 ** (1 / 3).
    assert.closeTo(imageAuroc.low, 0.2924, 1e-4);
    assert.deepEqual([imageAuroc.high, exact, imageAveragePrecision], [1, true, null]);
    const reversed = apart.map((one) => ({ ...one, score: -one.score }));
    assert.closeTo(allSteps(samplingOf(reversed, null, null, 1))!.imageAuroc.high, 0.7076, 1e-4);
    assert.isFalse(allSteps(samplingOf(images, null, null, 1))!.exact);
  });

  test('many images of few patients make nobody surer', () => {
    const score = (i: number) => ((i * 7) % 10) / 10;
    const few = Array.from({ length: 10 }, (_, i) => image(`p${i}_0`, (i % 2) as 0 | 1, score(i) + 0.2 * (i % 2)));
    const many = few.flatMap((one) => Array.from({ length: 20 }, (_, k) => ({ ...one, id: `${one.id}${k}` })));
    const width = (set: typeof few, of: typeof patientOf | null) => {
      const { low, high } = allSteps(samplingOf(set, of, null, 3))!.imageAuroc;
      return high - low;
    };
    assert.closeTo(width(many, patientOf), width(few, patientOf), 0.1);
    assert.isBelow(width(many, null), width(few, null) / 2);
  });

  test('a run that goes by patients says so in its results, with what the audit found', async (t) => {
    const fs = ruleSet('image');
    // Names of two patients in each class, one of them in valid and in test.
    for (const [path, bytes] of [...fs.files]) {
      const [, split, name, number] = /^\/Brain_AD\/(\w+)\/(\w+)\/(\d)\.png$/.exec(path)!;
      fs.files.delete(path);
      const patient = `${name}${Number(number) < 2 ? 'both' : split}9`;
      fs.files.set(`/Brain_AD/${split}/${name}/${patient}_${number}.png`, bytes);
    }
    const { results } = await smallRun(contextOf(await t.gpu(), fs), { group: '^(.*)_', epochs: '1' });
    const { sampling } = results.selected;
    assert.deepInclude(sampling!, { drawn: 'patients', units: 4, draws: 500 });
    assert.deepInclude(sampling!.patients!, { normal: 2, abnormal: 2 });
    assert.match(results.findings.join('\n'), /2 patients or volumes are in valid and in test, e\.g\. \w+both9/);
    assert.deepEqual(JSON.parse(textOf(fs, '/run/results.json')).findings, results.findings);
  });
});
