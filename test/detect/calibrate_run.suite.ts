import { assert } from 'chai';
import { csvCells } from '../../src/base/csv.ts';
import { toGrey } from '../../src/data/image.ts';
import { encodePng } from '../../src/data/png.ts';
import { conformalPValues } from '../../src/decide/conformal.ts';
import { benjaminiHochberg } from '../../src/decide/false_discovery.ts';
import { probabilityOf } from '../../src/decide/probability.ts';
import { openAdapters } from '../../src/detect/adapters_file.ts';
import { type CalibrateRequest, calibrateRun } from '../../src/detect/calibrate_run.ts';
import { evaluateTrained } from '../../src/detect/evaluate_run.ts';
import { predictImages } from '../../src/detect/predict.ts';
import { predictPaths } from '../../src/detect/predict_volumes.ts';
import { openTensorFile, writeTensorFile } from '../../src/detect/tensor_file.ts';
import { TrainedDetector } from '../../src/detect/trained.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { chosenAttention } from '../../src/kernels/attention_variants.ts';
import { commonVariants } from '../../src/kernels/common_variants.ts';
import { reportDecisions } from '../../src/report/decisions.tsx';
import { readRun } from '../../src/report/read_run.ts';
import { expectFailure } from '../data/expect_failure.ts';
import type { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { greyPicture, ruleSet } from '../train/rule_set.ts';
import { contextOf, smallRun, textOf, tinyBackbone } from '../train/small_run.ts';
import { sliceFile } from '../volume/series_maker.ts';

const ADAPTERS = '/run/checkpoint/adapters.safetensors';
const WISHES = { alpha: 0.1, sensitivity: null, probability: 'platt' } as const;

/** Normal pictures in a folder, two of each patient. */
function addNormals(fs: MemoryFileSystem, count: number, folder = '/normals'): void {
  for (let i = 0; i < count; i++) {
    const { image } = greyPicture(`calibration.${i}`, 0);
    fs.files.set(`${folder}/p${10 + (i >> 1)}_${i % 2}.png`, new Uint8Array(encodePng(image)));
  }
}

/** A labelled set of the same kind. */
function addLabelled(fs: MemoryFileSystem, count: number): void {
  for (const split of ['valid', 'test']) {
    for (const [name, lesions] of [
      ['good', 0],
      ['Ungood', 2],
    ] as const) {
      for (let i = 0; i < count; i++) {
        const { image } = greyPicture(`labelled.${split}.${name}.${i}`, lesions);
        fs.files.set(`/labelled/${split}/${name}/${i}.png`, new Uint8Array(encodePng(image)));
      }
    }
  }
}

async function trained(gpu: Gpu, settings: Record<string, string> = { method: 'clip-memory' }) {
  const fs = ruleSet();
  const context = contextOf(gpu, fs);
  await smallRun(context, settings);
  const model = await tinyBackbone();
  const calibrate = (request: Partial<CalibrateRequest> = {}) =>
    calibrateRun(context, { adapters: '/run', model, normals: ['/normals'], labelled: null, ...WISHES, ...request });
  return { fs, context, model, calibrate };
}

suiteInTurn('calibration of a run', () => {
  test('the rule lies in the adapters, holds their scores, and is read again', async (t) => {
    const { fs, context, model, calibrate } = await trained(await t.gpu());
    addNormals(fs, 20);
    addLabelled(fs, 6);
    const before = await openTensorFile(fs, ADAPTERS, 'adapters');
    const rule = await calibrate({ labelled: '/labelled' });
    assert.deepEqual(rule.from.labelled, { normal: 12, abnormal: 12 });
    assert.isNotNull(rule.probabilities);
    const after = await openAdapters(fs, ADAPTERS);
    assert.deepEqual(after.rule, rule);
    assert.isFalse(after.staleRule);
    assert.deepEqual((await openTensorFile(fs, ADAPTERS, 'adapters')).tensors, before.tensors);
    // Its scores are those of a prediction.
    const { gpu } = context;
    const tuning = gpu.tuning;
    const detector = await TrainedDetector.open(context, { adapters: '/run', model });
    try {
      assert.deepEqual(detector.file.rule, rule);
      // Subgroups are a feature that one runtime offers on an adapter and another does not.
      assert.deepEqual(gpu.tuning, { ...tuning, ...commonVariants(gpu.facts) });
      const swift = { class: 'swiftshader', features: ['subgroups'] } as const;
      assert.equal(chosenAttention(swift), 'subgroups');
      assert.equal(chosenAttention(swift, commonVariants(swift).attention), 'registers');
      const paths = [...fs.files.keys()].filter((path) => path.startsWith('/normals/')).sort();
      const { images } = await detector.score(context, paths, { features: true });
      assert.deepEqual(
        rule.scores,
        images.map(({ score }) => score),
      );
      assert.deepEqual(
        rule.peaks,
        images.map(({ map }) => Math.max(...map)),
      );
    } finally {
      detector.release();
    }
    assert.strictEqual(gpu.tuning, tuning);
    assert.equal(conformalPValues([Math.max(...rule.scores)], rule.scores)[0], 2 / 21);
    // The same images give the same rule and hash, others another.
    assert.deepEqual(await calibrate({ labelled: '/labelled' }), rule);
    fs.files.delete('/normals/p10_0.png');
    assert.notEqual((await calibrate({ labelled: '/labelled' })).from.hash, rule.from.hash);
    // It is no part of evaluation with other settings.
    const { file } = await evaluateTrained(context, { adapters: '/run', model, settings: { 'map.blur': '2' } });
    assert.isNull(file.rule);
    assert.isTrue(context.events.some((event) => event.type === 'note' && /is of other settings/.test(event.text)));
  });

  test('predictions and evaluations go by the rule, row by row and together', async (t) => {
    const { fs, context, model, calibrate } = await trained(await t.gpu());
    addNormals(fs, 20);
    addLabelled(fs, 6);
    const rule = await calibrate({ labelled: '/labelled' });
    const source = { adapters: '/run', model };
    const early: (string | null)[] = [];
    const onRow = ({ decision }: { decision: string | null }) => void early.push(decision);
    const request = { ...source, paths: ['/Brain_AD/test'], out: '/out', onRow };
    const { images, decisions, threshold } = await predictImages(context, request);
    assert.equal(threshold!.from, 'calibration');
    assert.equal(threshold!.value, rule.point.threshold);
    const pValues = conformalPValues(
      images.map(({ score }) => score),
      rule.scores,
    );
    images.forEach((row, i) => {
      assert.equal(row.pValue, pValues[i]);
      assert.equal(row.abnormal, row.score >= rule.point.threshold);
      if (row.decision !== 'borderline') assert.equal(row.decision, row.abnormal ? 'abnormal' : 'normal');
      assert.equal(row.decision, early[i]);
      assert.equal(row.probability, probabilityOf(rule.probabilities!.map, row.score));
      assert.equal(row.markedShare! > 0, row.mapHigh >= rule.pixelThreshold);
      assert.isNull(row.covered, 'eight images are too few to tell');
    });
    assert.equal(decisions!.coverage.state, 'unchecked');
    assert.equal(decisions!.hash, rule.from.hash);
    const lines = csvCells(textOf(fs, '/out/predictions.csv'));
    const column = (name: string) => lines.slice(1).map((line) => line[lines[0].indexOf(name)]);
    assert.deepEqual(column('pValue'), [...pValues].map(String));
    assert.deepEqual(
      column('decision'),
      images.map(({ decision }) => decision!),
    );
    assert.deepEqual(JSON.parse(textOf(fs, '/out/predictions.json')).images[0].pValue, images[0].pValue);
    // The same images with labels: the same decisions, and what they turned out to be worth.
    const { results, decided } = await evaluateTrained(context, { ...source, data: '/Brain_AD' });
    const byScore = new Map(images.map((row) => [row.score, row.decision]));
    assert.sameMembers(
      decided.map(({ decision }) => decision),
      [...byScore.values()],
    );
    const { falsePositives, sensitivity } = results.decisions!.images;
    assert.deepEqual([falsePositives.of, sensitivity.of], [4, 4]);
    assert.equal(falsePositives.count + sensitivity.count, images.filter(({ abnormal }) => abnormal).length);
    assert.equal(results.decisions!.probability!.bins.length, 10);

    // An image by itself has the score of the image among others, to the bit, and so the p-value.
    for (const { id, score, pValue } of images.slice(2, 4)) {
      const [alone] = (await predictImages(context, { ...request, paths: [id], out: null, onRow: undefined })).images;
      assert.deepEqual([alone.score, alone.pValue], [score, pValue]);
    }

    const together = await predictImages(context, { ...request, falseDiscovery: 0.3 });
    const adjusted = benjaminiHochberg(pValues);
    together.images.forEach((row, i) => {
      assert.equal(row.adjusted, adjusted[i]);
      assert.equal(row.abnormal, adjusted[i] <= 0.3);
    });
    assert.deepEqual(early.slice(8), new Array(8).fill(null), 'nothing is decided before all are scored');
    const given = await predictImages(context, { ...request, threshold: -100 });
    assert.isTrue(given.images.every(({ abnormal, decision }) => abnormal && decision === 'abnormal'));
    assert.match(given.decisions!.coverage.text, /no error rate is promised/);
  });

  test('a batch of 20 images is compared with the calibration, and a shifted one is not covered', async (t) => {
    const { fs, context, model, calibrate } = await trained(await t.gpu());
    addNormals(fs, 60);
    await calibrate();
    const batch = async (folder: string, change: (value: number) => number) => {
      for (let i = 0; i < 20; i++) {
        const { image } = greyPicture(`batch.${i}`, 0);
        fs.files.set(
          `${folder}/${i}.png`,
          new Uint8Array(
            encodePng({ ...image, data: image.data.map((value) => (value % 255 === 0 ? value : change(value))) }),
          ),
        );
      }
      return predictImages(context, { adapters: '/run', model, paths: [folder], out: null, range: 'full' });
    };
    const same = await batch('/same', (value) => value);
    assert.equal(same.decisions!.coverage.state, 'covered');
    assert.isTrue(same.images.every(({ covered }) => covered));
    const dark = await batch('/dark', (value) => value / 3);
    assert.equal(dark.decisions!.coverage.state, 'shifted');
    assert.match(dark.decisions!.coverage.text, /NOT COVERED/);
    assert.isTrue(dark.images.every(({ covered }) => covered === false));
    // Read in another way they have other scores, which are not calibrated.
    const read = { adapters: '/run', model, paths: ['/same'], out: null, range: [0, 128] } as const;
    assert.isNull((await predictImages(context, read)).decisions);
  });

  test('DICOM series calibrate by patient, and another scanner is named', async (t) => {
    const { fs, context, model, calibrate } = await trained(await t.gpu(), { method: 'clip-memory', range: 'full' });
    const series = (folder: string, patients: number, scanner: string) => {
      for (let i = 0; i < 2 * patients; i++) {
        const patient = String(i >> 1);
        const { image } = greyPicture(`${folder}.${i}`, 0);
        const { width: columns, height: rows, data } = toGrey(image);
        const bytes = sliceFile(i % 2, {
          ...{ patient, series: `1.2.${i >> 1}`, instance: `1.3.${i}` },
          grey: { rows, columns, pixels: Array.from(data) },
          more: [
            [0x00080070, 'LO', 'Maker'],
            [0x00081090, 'LO', scanner],
          ],
        });
        fs.files.set(`${folder}/${patient}/${i}.dcm`, bytes);
      }
    };
    series('/dicom', 20, 'One');
    series('/other', 20, 'Two');
    const rule = await calibrate({ normals: ['/dicom'] });
    assert.deepInclude(rule.from, { normals: 40, patients: 20 });
    assert.deepEqual([...new Set(rule.reference.map(({ scanner }) => scanner))], ['Maker One']);
    assert.lengthOf(rule.reference, 20, 'images of one patient resemble each other');
    assert.equal(rule.reference[0].features.length, 32);
    assert.closeTo(rule.reference[0].features.reduce((sum, value) => sum + value * value, 0) / 32, 1, 0.01);
    assert.notMatch(JSON.stringify(rule.reference), /patient/);
    const request = { adapters: '/run', model, out: null };
    const { predictions, patients } = await predictPaths(context, { ...request, paths: ['/other'] });
    const { moved } = predictions.decisions!.shift!;
    assert.deepEqual(
      moved.flatMap(({ what, calibration, batch }) => (what === 'scanner' ? [calibration, batch] : [])),
      ['Maker One', 'Maker Two'],
    );
    assert.match(predictions.decisions!.coverage.text, /NOT COVERED.*scanner Maker One there, Maker Two here/);
    assert.lengthOf(predictions.decisions!.patients!, 20);
    patients.forEach(({ score, abnormal }) => {
      assert.equal(abnormal, score >= rule.patientThreshold!);
    });
    const same = await predictPaths(context, { ...request, paths: ['/dicom'] });
    assert.equal(same.predictions.decisions!.coverage.state, 'covered');
  });

  test('false-discovery control without a calibration is refused', async (t) => {
    const { context, model } = await trained(await t.gpu());
    const request = { adapters: '/run', model, paths: ['/Brain_AD/test'], out: null, falseDiscovery: 0.1 };
    await expectFailure('usage', [/fusionclip calibrate/], () => predictImages(context, request));
    const { images, decisions } = await predictImages(context, { ...request, falseDiscovery: null });
    assert.isNull(decisions);
    assert.isTrue(
      images.every(({ decision, pValue, covered }) => decision === null && pValue === null && covered === null),
    );
  });

  test('patients are told by the rule of group', async (t) => {
    const { fs, calibrate } = await trained(await t.gpu());
    addNormals(fs, 20);
    const rule = await calibrate({ rules: { group: 'auto' } });
    assert.equal(rule.from.patients, 10);
    assert.equal(rule.patientScores!.length, 10);
    assert.equal(rule.from.group, 'auto');
  });

  test('a rule of other weights is left alone, and that is said', async (t) => {
    const { fs, context, model, calibrate } = await trained(await t.gpu());
    addNormals(fs, 9);
    await calibrate();
    const { tensors, metadata, header } = await openTensorFile(fs, ADAPTERS, 'adapters');
    const others = [...tensors].map(([name, tensor]): [string, typeof tensor] => {
      const data = new Uint8Array(tensor.data);
      data[0] ^= 1;
      return [name, { ...tensor, data }];
    });
    const { format: _, checksum: __, what: ___, header: ____, ...rest } = Object.fromEntries(metadata);
    await writeTensorFile(fs, ADAPTERS, { what: 'adapters', header }, others, rest);
    const detector = await TrainedDetector.open(context, { adapters: '/run', model });
    detector.release();
    assert.isNull(detector.file.rule);
    assert.isTrue(context.events.some((event) => event.type === 'note' && /is of other weights/.test(event.text)));
  });

  test('images that weights were chosen by are refused by name, test images are told and left out of their errors', async (t) => {
    const { fs, context, model, calibrate } = await trained(await t.gpu(), { prompt: 'fixed', epochs: '1' });
    const support = JSON.parse(textOf(fs, '/run/shots.json')) as { normal: string[]; abnormal: string[] };
    const rest = ['0', '1', '2', '3'].filter((name) => !support.normal.some((id) => id.endsWith(`/${name}.png`)));
    assert.lengthOf(rest, 2);
    addNormals(fs, 9);
    const of = (folder: string, name: string) => fs.files.get(`/Brain_AD/${folder}/img/${name}.png`)!;
    fs.files.set('/normals/chosen.png', of('valid/good', rest[0]));
    await expectFailure(
      'bad_data',
      [/^\/normals\/chosen.png is a validation image of the run: the weights were chosen by/],
      () => calibrate(),
    );
    fs.files.delete('/normals/chosen.png');
    addLabelled(fs, 2);
    const [ill] = support.abnormal;
    fs.files.set('/labelled/test/Ungood/known.png', fs.files.get(`/Brain_AD/${ill}`) ?? fs.files.get(ill)!);
    await expectFailure('bad_data', [/known.png is a support image of the run/], () =>
      calibrate({ labelled: '/labelled' }),
    );
    fs.files.set('/labelled/test/Ungood/known.png', fs.files.get('/normals/p10_0.png')!);
    await expectFailure('bad_data', [/p10_0.png is normal, .* labelled abnormal as .*known.png/], () =>
      calibrate({ labelled: '/labelled' }),
    );
    fs.files.set('/labelled/test/Ungood/known.png', fs.files.get('/labelled/test/good/0.png')!);
    await expectFailure('bad_data', [/good\/0.png.* the same picture/], () => calibrate({ labelled: '/labelled' }));
    const notes = () => context.events.flatMap((event) => (event.type === 'note' ? event.text : [])).join('\n');
    fs.files.set('/normals/test.png', of('test/good', '0'));
    const rule = await calibrate();
    assert.match(notes(), /One of the normal images is a test image of the run/);
    assert.match(notes(), /most abnormal looking of the normal images: \/normals/);
    assert.match(notes(), /By their names 9 .* 5 patients \(--group auto\)/);
    assert.lengthOf(rule.from.images, 10);
    const { results, decided } = await evaluateTrained(context, { adapters: '/run', model });
    const { decisions } = results;
    assert.equal(decisions!.leftOut, 1);
    assert.deepEqual([decisions!.images.falsePositives.of, decisions!.images.sensitivity.of], [3, 4]);
    assert.equal(decided.filter(({ covered }) => covered === false).length, 1);
    const report = await readRun(fs, '/run');
    assert.equal(report.known!.filter(Boolean).length, 1);
    assert.equal(reportDecisions(rule, report.predictions, report.known).realised.leftOut, 1);
    // The run's own images are no new ones to a prediction either.
    const paths = ['/Brain_AD/valid/good', '/normals/p10_0.png', '/normals/p10_1.png', '/Brain_AD/test/Ungood'];
    const { images } = await predictImages(context, { adapters: '/run', model, paths, out: null });
    assert.deepEqual(images.map(({ covered }) => covered).sort(), [
      ...new Array(6).fill(false),
      ...new Array(4).fill(null),
    ]);
    // A file of before says nothing of them.
    const { tensors, metadata, header } = await openTensorFile(fs, ADAPTERS, 'adapters');
    const { format: _, checksum: __, what: ___, header: ____, inference, ...kept } = Object.fromEntries(metadata);
    const { seen: _____, ...old } = JSON.parse(inference);
    await writeTensorFile(fs, ADAPTERS, { what: 'adapters', header }, [...tensors], {
      ...kept,
      inference: JSON.stringify(old),
    });
    await calibrate();
    assert.match(notes(), /before it was kept which images weights are chosen by/);
  });

  test('a threshold that is given goes for patients too, and none goes with false-discovery control', async (t) => {
    const { fs, context, model, calibrate } = await trained(await t.gpu());
    addNormals(fs, 20);
    await calibrate({ rules: { group: 'auto' } });
    const request = { adapters: '/run', model, paths: ['/normals'], out: null };
    const { decisions } = await predictImages(context, { ...request, threshold: -100 });
    assert.isTrue(decisions!.patients!.every(({ verdict }) => verdict === 'abnormal'));
    await expectFailure('usage', [/takes no threshold/], () =>
      predictImages(context, { ...request, threshold: 1, falseDiscovery: 0.1 }),
    );
    await expectFailure('usage', [/takes no threshold/], () =>
      predictImages(context, { ...request, at: 'sensitivity=0.9', falseDiscovery: 0.1 }),
    );
    await expectFailure('usage', [/--threshold is a number, not NaN/], () =>
      predictImages(context, { ...request, threshold: Number.NaN }),
    );
  });

  test('what cannot calibrate is refused: too few, support images, abnormal folders, scores that depend on each other', async (t) => {
    const gpu = await t.gpu();
    const { fs, context, calibrate } = await trained(gpu);
    addNormals(fs, 8);
    await expectFailure('bad_data', [/^8 normal images cannot .* at least 9 /, /support images cannot stand in/], () =>
      calibrate(),
    );
    // The same bytes twice are one image.
    fs.files.set('/normals/again.png', fs.files.get('/normals/p10_0.png')!);
    await expectFailure('bad_data', [/^8 normal images/], () => calibrate());
    assert.isTrue(context.events.some((event) => event.type === 'note' && /twice, pixel for pixel/.test(event.text)));
    addNormals(fs, 12);
    await calibrate();
    await expectFailure('bad_data', [/support images? of the run: the weights are fitted to them/], () =>
      calibrate({ normals: ['/normals', '/Brain_AD/valid/good'] }),
    );
    await expectFailure('bad_data', [/Ungood.* lies in a folder of abnormal images/], () =>
      calibrate({ normals: ['/Brain_AD'] }),
    );
    await expectFailure('usage', [/--labelled/], () => calibrate({ sensitivity: 0.9 }));
    const mvfa = await trained(gpu, { prompt: 'fixed', fuse: 'mvfa', epochs: '1' });
    addNormals(mvfa.fs, 12);
    await expectFailure('usage', [/depends on the images beside it/], () => mvfa.calibrate());
  });
});
