import { assert } from 'chai';
import { encodePng } from '../../src/data/encode.ts';
import { rulePicture } from '../../src/data/picture.ts';
import { conformalPValues } from '../../src/decide/conformal.ts';
import { openAdapters } from '../../src/detect/adapters_file.ts';
import { type CalibrateRequest, calibrateRun } from '../../src/detect/calibrate_run.ts';
import { evaluateTrained, TrainedDetector } from '../../src/detect/inference.ts';
import { openTensorFile, writeTensorFile } from '../../src/detect/tensor_file.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { expectFailure } from '../data/expect_failure.ts';
import type { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { contextOf, ruleSet, smallRun, tinyBackbone } from '../train/small_run.ts';

const ADAPTERS = '/run/checkpoint/adapters.safetensors';
const WISHES = { alpha: 0.1, sensitivity: null, probability: 'platt' } as const;

/** Normal pictures in a folder, two of each patient. */
function addNormals(fs: MemoryFileSystem, count: number, folder = '/normals'): void {
  for (let i = 0; i < count; i++) {
    const { image } = rulePicture(`calibration.${i}`, 5, 40, 40, 3, 0);
    fs.files.set(`${folder}/p${10 + (i >> 1)}_${i % 2}.png`, encodePng(image));
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
        const { image } = rulePicture(`labelled.${split}.${name}.${i}`, 5, 40, 40, 3, lesions);
        fs.files.set(`/labelled/${split}/${name}/${i}.png`, encodePng(image));
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
    const detector = await TrainedDetector.open(context, { adapters: '/run', model });
    try {
      assert.deepEqual(detector.file.rule, rule);
      const paths = [...fs.files.keys()].filter((path) => path.startsWith('/normals/')).sort();
      const { images } = await detector.score(context, paths);
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
    assert.isTrue(context.events.some((event) => event.type === 'note' && /twice, byte for byte/.test(event.text)));
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
