import { assert } from 'chai';
import { csvCells } from '../../src/base/csv.ts';
import { overlaid } from '../../src/base/overlaid.ts';
import { main } from '../../src/cli/main.ts';
import { Reporter } from '../../src/cli/reporter.ts';
import { evaluateRun } from '../../src/detect/evaluate_run.ts';
import { predictPaths } from '../../src/detect/predict_volumes.ts';
import type { ScoredImage } from '../../src/detect/scoring.ts';
import { type VolumeRequest, volumeMetrics } from '../../src/detect/volume_metrics.ts';
import { EXIT_CODES } from '../../src/host/exit_codes.ts';
import { NiftiFile } from '../../src/nifti/nifti_file.ts';
import { writePhantomVolumes } from '../../src/phantom/write_volumes.ts';
import { writeReport } from '../../src/report/report.tsx';
import { trainRun } from '../../src/train/index.ts';
import type { SlicedVolume } from '../../src/volume/sliced_volume.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { assertClose } from '../harness/close.ts';
import { suite, suiteInTurn, test } from '../harness/registry.ts';
import { contextOf, smallSettings, textOf, tinyBackbone } from '../train/small_run.ts';
import { marksIn, markVolumes } from '../volume/marked.ts';

/** A volume of 2×1 voxels and two slices, 1 × 1 × 10 mm, so that nothing is smoothed. */
function volume(name: string, patient: string, lesions: readonly number[] | null): SlicedVolume {
  return {
    ...{
      name,
      patient,
      kind: 'NIfTI',
      placed: true,
      ...{ scanner: null, modality: '', bodyPart: '', bits: null },
      shape: [2, 1, 2],
      window: 'w',
      normal: 0,
      abnormal: 0,
      empty: 0,
    },
    affine: [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 10, 0],
    ],
    stacks: [{ order: [0, 1, 2], slices: [`${name}/0`, `${name}/1`] }],
    lesions: lesions && (async (k) => Uint8Array.from(lesions.slice(2 * k, 2 * k + 2))),
  };
}

/** Its slices as they were scored: maps of one pixel, so that both voxels of a slice have its value. */
function slices(name: string, values: readonly [number, number], label: 0 | 1): ScoredImage[] {
  return values.map((value, k) => ({
    ...{ id: `${name}/${k}`, label, mask: null, grey: null, trivial: { mean: -value, std: 0, p995: 0 } },
    ...{ map: Float32Array.of(value), score: value, scoreMax: value, scoreMean: value },
  }));
}

suite('metrics of volumes', () => {
  const request: VolumeRequest = {
    volumes: [
      volume('a', 'A', [1, 1, 0, 0]),
      volume('b', 'A', null),
      volume('c', 'B', null),
      volume('d', 'C', [0, 0, 1, 0]),
      volume('left-out', 'D', null),
    ],
    images: [
      ...slices('a', [0.75, 0.25], 1),
      ...slices('b', [0.5, 0.125], 0),
      ...slices('c', [0.375, 0.5], 0),
      ...slices('d', [0.375, 0.25], 1),
    ],
    ...{ rule: { top: 0.5, smooth: 3 }, norm: 'clip', maps: true, patientOf: null, seed: 1 },
    thresholds: { image: { value: 0.5 }, pixel: { value: 0.375 } },
  };

  test('by hand: volumes, patients, voxels and lesions', async () => {
    const { rule, volumes, patients, voxels, froc, byVolume, byPatient } = await volumeMetrics(request);
    assert.match(rule.text, /the highest 50 % of its slices/);
    assert.deepEqual(
      byVolume.map(({ score }) => score),
      [0.75, 0.5, 0.5, 0.375],
    );
    // Of volumes with lesions 0.75 is above both others, 0.375 above none.
    assert.deepEqual([volumes.normal, volumes.abnormal, volumes.auroc], [2, 2, 0.5]);
    assert.deepEqual([volumes.sensitivity, volumes.specificity], [0.5, 0]);
    // A by its volume a, B 0.5, C 0.375.
    assert.deepEqual([patients.normal, patients.abnormal, patients.auroc], [1, 2, 0.5]);
    // Mean grey values are the scores' negatives: A has −0.125 by its b, C −0.25, and B, the normal one, −0.375.
    assert.deepEqual(patients.brightness, { name: 'mean grey value', reversed: false, auroc: 1 });
    assert.isTrue(volumes.interval!.low <= 0.5 && volumes.interval!.high >= 0.5);
    // Called are both voxels of a's first slice, of b's and of d's first, and all of c: 10; lesion 3; both 2.
    assert.closeTo(voxels!.dice!, (2 * 2) / (10 + 3), 1e-12);
    // Lesion voxels have 0.75, 0.75, 0.25: the last is behind 8 + 0 others, with 3 more at 0.25.
    assert.closeTo(voxels!.averagePrecision, (2 / 3) * 1 + (1 / 3) * (3 / 14), 1e-12);
    assert.closeTo(voxels!.auroc, (13 + 13 + 2 + 3 / 2) / 39, 1e-12);
    assert.closeTo(voxels!.mean.dice!, (1 + 0) / 2, 1e-12);
    // Findings: a's slice in its lesion; b's, c's and d's first in none.
    assert.deepEqual(
      byVolume.map(({ lesions, found, falsePositives }) => [lesions, found, falsePositives]),
      [
        [1, 1, 0],
        [0, 0, 1],
        [0, 0, 1],
        [1, 0, 1],
      ],
    );
    assert.deepEqual(froc!.points, [
      { threshold: 0.75, sensitivity: 0.5, falsePositives: 0 },
      { threshold: 0.5, sensitivity: 0.5, falsePositives: 0.5 },
      { threshold: 0.375, sensitivity: 0.5, falsePositives: 0.75 },
    ]);
    assert.deepEqual(
      byVolume.map(({ lesionMillilitres }) => lesionMillilitres),
      [0.02, 0, 0, 0.01],
    );
    assert.deepInclude(byPatient[0], {
      patient: 'A',
      volumes: 2,
      score: 0.75,
      predicted: true,
      dice: 1,
      falsePositives: 1,
    });
    assert.deepInclude(byPatient[2], { patient: 'C', predicted: false, lesions: 1, found: 0, dice: 0 });
  });

  test('slices that were passed over count: with their lesions, and with the maps of their neighbours', async () => {
    const sick = { ...volume('a', 'A', [0, 0, 1, 0]), abnormal: 1 };
    const map = Float32Array.of(0.75, 0.25, 0.75, 0.25);
    const images = [{ ...slices('a', [0.75, 0], 0)[0], map }, slices('c', [0.25, 0], 0)[0]];
    const found = await volumeMetrics({ ...request, volumes: [sick, volume('c', 'C', null)], images, stride: 2 });
    assert.deepEqual([found.volumes.normal, found.volumes.abnormal, found.volumes.auroc], [1, 1, 1]);
    assert.deepInclude(found.byVolume[0], { slices: 1, lesions: 1, found: 0, millilitres: 0.02, dice: 2 / 3 });
  });

  test('whose maps mean nothing have scores alone; where classes do not overlap the interval is exact', async () => {
    const images = [...slices('a', [0.75, 0.25], 1), ...slices('c', [0.375, 0.5], 0)];
    const found = await volumeMetrics({ ...request, images, maps: false });
    assert.isNull(found.voxels);
    assert.isNull(found.froc);
    assert.equal(found.byVolume.length, 2);
    assert.equal(found.patients.auroc, 1);
    // One pair in order: 0.025 is the smallest share at which that is not rare.
    assert.closeTo(found.patients.interval!.low, 0.025, 1e-9);
  });
});

suiteInTurn('volumes end to end', () => {
  const phantom = { set: 'brain', out: '/vol', seed: 3, valid: 2, test: 2, size: 32, depth: 8 } as const;

  test('patients in, patients out: training, evaluation and prediction say the same of a volume, and nobody is named', async (t) => {
    const fs = new MemoryFileSystem();
    const data = await writePhantomVolumes(fs, { ...phantom, format: 'dicom' });
    const marks = markVolumes(fs, data);
    const given = new Set(fs.files.keys());
    const said: string[] = [];
    const host = {
      ...t.host,
      ...overlaid(fs, {}),
      stderr: (text: string) => said.push(text),
      stdout: (text: string) => said.push(text),
    };
    const context = contextOf(await t.gpu(), fs, { onEvent: new Reporter({ ...host, isTerminal: false }).listen });
    const model = await tinyBackbone();
    const rules = { accept: 'damaged', 'map.files': 'npy' };
    const settings = smallSettings({ shots: '2', 'shots.patients': '1', epochs: '1', prompt: 'fixed', ...rules });
    const { results, adapters } = await trainRun(context, { data, model, out: '/run', settings });
    const trained = results.volumes!;
    assert.deepEqual([trained.patients.normal, trained.patients.abnormal], [1, 1]);
    assert.deepEqual([results.selected.sampling!.drawn, results.selected.sampling!.units], ['patients', 2]);
    const { settings: stored, window } = JSON.parse(textOf(fs, '/run/config.json'));
    assert.deepEqual([stored.window, window.asked], ['percentile:0.5,99.5', 'auto']);
    assert.match(window.from, /^4 of 4 volumes name no one window/);
    const shots = JSON.parse(textOf(fs, '/run/shots.json'));
    const patientOf = (id: string) => /patient-[0-9a-f]+/.exec(id)![0];
    assert.equal(new Set(shots.normal.map(patientOf)).size, 1);

    const evaluated = await evaluateRun(context, { adapters: '/run', model, out: '/eval' });
    assert.deepEqual(evaluated.volumes!.byVolume, trained.byVolume);
    const [head, ...rows] = csvCells(textOf(fs, '/eval/patients.csv'));
    assert.deepEqual([head[0], rows.length], ['patient', 2]);
    assert.equal(textOf(fs, '/eval/volumes.csv'), textOf(fs, '/run/volumes.csv'));

    const request = { paths: [`${data}/test`], adapters, model };
    const { volumes, patients } = await predictPaths(context, { ...request, out: '/out' });
    assert.equal(patients.length, 2);
    // The maps of volumes lie in a run and in an evaluation as in predictions.
    const mapsIn = (out: string) =>
      [...fs.files.keys()].flatMap((path) => path.split(`${out}/volumes/`).slice(1)).sort();
    assert.lengthOf(mapsIn('/out'), 4);
    for (const out of ['/run', '/eval']) assert.deepEqual(mapsIn(out), mapsIn('/out'));
    for (const name of mapsIn('/out')) {
      assert.deepEqual(fs.files.get(`/eval/volumes/${name}`), fs.files.get(`/run/volumes/${name}`));
      const [one, other] = [
        await NiftiFile.open(fs, `/run/volumes/${name}`),
        await NiftiFile.open(fs, `/out/volumes/${name}`),
      ];
      assert.deepEqual(one.header, other.header);
      if (!/_mask/.test(name)) assertClose([...(await one.slice(3))], [...(await other.slice(3))], { absolute: 1e-5 });
    }
    for (const row of volumes) {
      const known = trained.byVolume.find(({ name }) => name === row.name)!;
      assert.closeTo(row.score, known.score, 1e-6);
      assertClose([row.millilitres ?? 0], [known.millilitres ?? 0], { absolute: 1e-3 });
      const map = await NiftiFile.open(fs, row.map!);
      assert.deepEqual(map.header.shape.slice(0, 3), [32, 32, 8]);
      const highest = Math.max(...(await map.slice(row.slice)));
      for (let k = 0; k < 8; k++) assert.isAtMost(Math.max(...(await map.slice(k))), highest);
    }
    // A path that names somebody: its slices have names of their own.
    const named = [...given].find((path) => path.includes('/test/good/Zyxwv'))!.replace(/\/[^/]*$/, '');
    const part = await predictPaths(context, { ...request, paths: [named], out: '/part', stride: 3 });
    // Of slices 0, 3 and 6 the first is empty.
    assert.deepEqual(
      part.volumes.map(({ scored }) => scored),
      [2],
    );
    const strided = await evaluateRun(context, { adapters: '/run', model, out: null, stride: 3 });
    const [one] = part.volumes;
    const same = strided.volumes!.byVolume.find(({ name }) => name === one.name)!;
    assert.equal(same.slices, 2);
    assertClose([same.score, same.millilitres ?? 0], [one.score, one.millilitres ?? 0], { absolute: 1e-3 });
    // All slices with the lesion may be passed over: the patient is the same.
    assert.deepEqual([strided.volumes!.patients.abnormal, strided.volumes!.rule.stride], [1, 3]);
    assert.equal(part.rule!.text, strided.volumes!.rule.text);
    assert.match(part.rule!.text, /^one slice of 3 is scored; .* of its scored slices/);
    const few = () => evaluateRun(context, { adapters: '/run', model, out: null, stride: 1000 });
    await expectFailure('usage', [/^--stride 1000 leaves no slice of series [0-9a-f]{8} to be scored/], few);

    // Of four volumes the last is not looked at before the first slices have their rows.
    const opened = new Map<string, number>();
    const readFile = (file: string) => {
      if (file.endsWith('.dcm')) opened.set(file, (opened.get(file) ?? 0) + 1);
      return fs.readFile(file);
    };
    const watched = { ...context, fs: overlaid(context.fs, { readFile }) };
    const ended = await predictPaths(watched, {
      ...{ ...request, out: null, paths: [data], window: '500,250' },
      onRow: () => Promise.reject(new Error('first row')),
    }).catch(({ message }: Error) => message);
    assert.equal(ended, 'first row');
    const headers = [...opened.values()].filter((count) => count === 1);
    assert.isAtLeast(headers.length, 8, 'files of which the header alone was read');

    const gone = [...given].filter((path) => path.startsWith(named)).sort()[4];
    const kept = fs.files.get(gone)!;
    fs.files.delete(gone);
    const inDark = (accept: string[]) =>
      predictPaths(context, { ...request, out: null, paths: [named], window: '10,9000', accept });
    await expectFailure('bad_data', [/1 slice of 8 is missing.*--accept gaps/], () => inDark(['tilt']));
    const dark = await inDark(['gaps']);
    fs.files.set(gone, kept);
    assert.deepInclude(dark.volumes[0], { scored: 0, score: Number.NaN });
    assert.match(dark.volumes[0].remarks, /its slices are all dark/);

    const asNifti = await writePhantomVolumes(fs, { ...phantom, out: '/nifti', format: 'nifti' });
    for (const path of fs.files.keys()) if (path.startsWith('/nifti')) given.add(path);
    const twin = `${asNifti}/test/good`;
    for (const rule of [null, '500,250']) {
      const [a, b] = await Promise.all(
        [named, twin].map((path) =>
          predictPaths(context, { ...request, out: null, paths: [path], stride: 3, window: rule }),
        ),
      );
      assert.equal(a.volumes[0].window, b.volumes[0].window);
      assertClose(
        a.predictions.images.map(({ score }) => score),
        b.predictions.images.map(({ score }) => score),
        { absolute: 1e-6 },
      );
    }
    const own = () => predictPaths(context, { ...request, out: null, paths: [twin], window: 'dicom' });
    await expectFailure('usage', [/files name no window; give --window/], own);

    await writeReport(fs, '/run');
    const cli = (...args: string[]) => main({ ...host, args });
    assert.equal(await cli('data', 'check', data, '--accept', 'damaged'), 0);
    // A file that cannot be read is not named, nor are those of series that are refused.
    assert.equal(await cli('data', 'check', data), EXIT_CODES.bad_data);
    assert.equal(await cli('data', 'check', data, '--deidentify', '/copies'), 0);
    const spoken = said.join('') + JSON.stringify([context.events, evaluated, volumes, patients, part]);
    assert.match(spoken, /left out: file [0-9a-f]{8}.dcm .* is damaged/);
    assert.deepEqual(marksIn(spoken, marks), []);
    const written = [...fs.files].filter(([path]) => !given.has(path));
    for (const end of ['.html', '.safetensors', '.csv', '.json', '.jsonl', '.nii.gz', '.npy', '.png', '.dcm']) {
      assert.isTrue(
        written.some(([path]) => path.endsWith(end)),
        end,
      );
    }
    for (const [path, bytes] of written)
      assert.deepEqual([path, ...marksIn(path, marks), ...marksIn(bytes, marks)], [path]);
    // Who asks is told.
    said.length = 0;
    await cli('data', 'check', data, '--names');
    assert.include(said.join(''), 'Zyxwv^Jane');
  });
});
