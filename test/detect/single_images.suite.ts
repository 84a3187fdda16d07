import { assert } from 'chai';
import { encodePng, encodePng16 } from '../../src/data/png.ts';
import { evaluateRun } from '../../src/detect/evaluate_run.ts';
import { predictPaths } from '../../src/detect/predict_volumes.ts';
import { DicomFile } from '../../src/dicom/dicom_file.ts';
import { writeReport } from '../../src/report/report.tsx';
import { trainRun } from '../../src/train/train_run.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { assertClose } from '../harness/close.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { contextOf, smallSettings, textOf, tinyBackbone } from '../train/small_run.ts';
import { marksIn } from '../volume/marked.ts';
import { sliceFile } from '../volume/series_maker.ts';

const SIDE = 32;
const MOST = 4000;

/** Values of an X-ray of somebody: 0 to 4000, with a bright spot where it is abnormal. */
function pixelsOf(person: number, abnormal: boolean): number[] {
  return Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
    const body = 1500 + 900 * Math.sin((x + person) / 5) * Math.cos(y / (4 + person / 3));
    return i === 0 ? 0 : i === 1 ? MOST : Math.round(body + (abnormal && Math.hypot(x - 20, y - 12) < 5 ? 1500 : 0));
  });
}

function xray(person: number, abnormal: boolean): Uint8Array<ArrayBuffer> {
  return sliceFile(0, {
    ...{ position: null, orientation: null, modality: 'DX', frameOfReference: '' },
    ...{ patient: `MRN-${4711 + person}`, instance: `1.2.826.77.3.${person}`, series: `1.2.826.77.2.${person}` },
    grey: { rows: SIDE, columns: SIDE, stored: 12, signed: false, pixels: pixelsOf(person, abnormal) },
    more: [
      [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.1.1'],
      [0x00281050, 'DS', '2000.5'],
      [0x00281051, 'DS', String(MOST + 1)],
    ],
  });
}

/** A search as a command line has it: whom it is for, and a token in the wrong place. */
const DATA = 'dicomweb:https://pacs.example/dw/studies?PatientID=Doe^Jane&token=geheim';

/** Eight people in two splits, half of them abnormal, with masks. */
function clinic(): MemoryFileSystem {
  const fs = new MemoryFileSystem();
  const data = Uint8Array.from({ length: SIDE * SIDE }, (_, i) =>
    Math.hypot((i % SIDE) - 20, Math.floor(i / SIDE) - 12) < 5 ? 255 : 0,
  );
  for (let person = 0; person < 8; person++) {
    const abnormal = person % 2 === 1;
    const folder = `${DATA}/${person < 4 ? 'valid' : 'test'}/${abnormal ? 'abnormal' : 'normal'}`;
    fs.files.set(`${folder}/Doe^Jane${person}.dcm`, xray(person, abnormal));
    const mask = encodePng({ width: SIDE, height: SIDE, channels: 1, data });
    if (abnormal) fs.files.set(`${folder}/masks/Doe^Jane${person}.png`, new Uint8Array(mask));
  }
  return fs;
}

suiteInTurn('single DICOM images end to end', () => {
  test('X-rays in, patients out; as a PNG of 16 bits one has the same score; results name their source and no place', async (t) => {
    const fs = clinic();
    const given = new Set(fs.files.keys());
    const context = contextOf(await t.gpu(), fs);
    const model = await tinyBackbone();
    const settings = smallSettings({ shots: '2', epochs: '1', prompt: 'fixed' });
    const { results, adapters } = await trainRun(context, { data: DATA, model, out: '/run', settings });
    assert.isUndefined(results.volumes ?? undefined);
    assert.deepEqual([results.selected.sampling!.drawn, results.selected.sampling!.units], ['patients', 4]);
    assert.isNotNull(results.selected.sampling!.patients);
    assert.equal(JSON.parse(textOf(fs, '/run/config.json')).object, 'medical image');
    const { acquired } = JSON.parse(textOf(fs, '/run/config.json'));
    assert.deepEqual(acquired, { modalities: ['DX'], bodyParts: [], planes: [], pixels: null, bits: [12] });
    for (const z of [0, 1]) fs.files.set(`mr/${z}`, sliceFile(z));
    const other = () => predictPaths(context, { adapters: '/run', model, out: null, paths: ['mr'] });
    await expectFailure(
      'bad_data',
      [/^series \w+: it is MR, and the run was trained on DX, .* --accept modality/],
      other,
    );
    for (const z of [0, 1]) fs.files.delete(`mr/${z}`);
    const unsaid = () => evaluateRun(context, { adapters: '/run', model, out: null });
    await expectFailure('io', [/^There is no folder dicomweb:https:\/\/pacs\.example\/dw\/studies\?…, where/], unsaid);
    const again = await evaluateRun(context, { adapters: '/run', model, data: DATA, out: '/eval' });
    assert.isNull(again.volumes ?? null);

    const request = { adapters, model, out: '/out', write: ['sc', 'seg', 'sr'] as const };
    const { predictions, volumes, patients } = await predictPaths(context, { ...request, paths: [`${DATA}/test`] });
    assert.equal(patients.length, 4);
    assert.deepInclude(volumes[0], { place: [], millilitres: null, map: null });
    const dicom = volumes.flatMap((row) => row.dicom);
    assert.equal(dicom.length, 12);
    for (const path of dicom) {
      const { dataSet } = DicomFile.read(fs.files.get(path)!, path);
      assert.isUndefined(dataSet.element('frameOfReference'), path);
      assert.isUndefined(dataSet.element('position'));
      const text = new TextDecoder('latin1').decode(fs.files.get(path)!);
      assert.match(text, /1\.2\.826\.77\.3\.\d/, path);
    }

    const png = volumes.map((_, i) => `/png/${i}.png`);
    for (const [i, path] of png.entries()) {
      const levels = pixelsOf(4 + i, i % 2 === 1).map((value) => Math.round((value / MOST) * 65535));
      fs.files.set(path, new Uint8Array(encodePng16(SIDE, SIDE, Uint16Array.from(levels))));
    }
    const pictures = await predictPaths(context, { adapters, model, out: null, paths: png });
    const sorted = (scores: readonly number[]) => [...scores].sort((a, b) => a - b);
    assertClose(
      sorted(pictures.predictions.images.map(({ score }) => score)),
      sorted(predictions.images.map(({ score }) => score)),
      { absolute: 1e-6 },
    );
    await expectFailure('usage', [/^--write pm: .* images without a place/], () =>
      predictPaths(context, { adapters, model, out: '/pm', write: ['pm'], paths: [`${DATA}/test`] }),
    );

    await writeReport(fs, '/run');
    const marks = ['MRN-47', 'Doe^Jane', 'geheim', 'PatientID', '1.2.826.77', '20260102'];
    const written = [...fs.files].filter(([path]) => !given.has(path) && !path.endsWith('.dcm'));
    for (const [path, bytes] of written) assert.deepEqual(marksIn(bytes, marks), [], path);
    assert.deepEqual(marksIn(JSON.stringify([context.events, volumes, patients]), marks), []);
  });
});
