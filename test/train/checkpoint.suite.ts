import { assert } from 'chai';
import { openDataset } from '../../src/data/layout/open.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import { FusionclipError } from '../../src/gpu/errors.ts';
import {
  chooseShots,
  loadWeights,
  openAdapters,
  optionTextsOf,
  readSupport,
  restoreTensors,
  resumeRun,
  runSettings,
} from '../../src/train/index.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { suite, test } from '../harness/registry.ts';
import { contextOf, ruleSet, smallRun, smallSettings, tinyBackbone } from './small_run.ts';

const FIXED = { prompt: 'fixed', epochs: '1' };

suite('run folders and checkpoints', () => {
  test('settings survive the way through a file', () => {
    for (const given of [
      {},
      { compat: 'mvfa' },
      { compat: 'mvfa', norm: 'clip', batch: '4' },
      { layers: '1,3', 'lr.grid': '0.1,0.2', 'loss.focal.alpha': '0.25', 'shots.list': 'a file.txt', shots: '2' },
    ] as Record<string, string>[]) {
      const settings = runSettings(given);
      assert.deepEqual(runSettings(optionTextsOf(settings)), settings);
    }
    assert.equal(runSettings({ compat: 'mvfa' }).train.batch, 1);
    assert.equal(runSettings({ shots: '7' }).train['shots.abnormal'], 7);
  });

  test('a finished run is not overwritten, and its folder holds nothing else after --force', async (t) => {
    const fs = ruleSet();
    const context = contextOf(await t.gpu(), fs);
    await smallRun(context, FIXED);
    await expectFailure('usage', [/\/run holds a finished run/, /--force/], () => smallRun(context, FIXED));
    await expectFailure('usage', [/nothing to resume/], () => resumeRun(context, '/run'));
    fs.files.delete('/run/results.json');
    await expectFailure('usage', [/unfinished run/, /--resume/], () => smallRun(context, FIXED));
    await expectFailure('usage', [/other files and no run/], () => smallRun(context, FIXED, '/Brain_AD'));
    await expectFailure('io', [/no run in \/elsewhere/], () => resumeRun(context, '/elsewhere'));
  });

  test('bad data and settings leave no trace', async (t) => {
    const fs = ruleSet();
    const before = [...fs.files.keys()];
    const context = contextOf(await t.gpu(), fs);
    await expectFailure('bad_data', [/4 normal images in valid/, /fewer/], () => smallRun(context, { shots: '9' }));
    await expectFailure('usage', [/block 2.*has 1/], () => smallRun(context, { layers: '1,2' }));
    await expectFailure('usage', [/branch twice/], () => smallRun(context, { branches: 'gal,gal' }));
    await expectFailure('usage', [/There is no setting "nonsense"/], () => smallRun(context, { nonsense: '1' }));
    fs.files.set('/Brain_AD/valid/good/img/0.png', Uint8Array.of(1, 2, 3));
    await expectFailure('bad_image', [/0\.png/], () => smallRun(context, { ...FIXED, shots: '4' }));
    assert.deepEqual([...fs.files.keys()], before);
  });

  test('a disk that becomes full leaves the last whole checkpoint, from which the run goes on', async (t) => {
    const gpu = await t.gpu();
    const whole = ruleSet();
    await smallRun(contextOf(gpu, whole));
    const fs = ruleSet();
    const write = fs.writeFile.bind(fs);
    let room = 2;
    fs.writeFile = async (path, bytes) => {
      if (path.endsWith('latest.safetensors') && room-- <= 0) {
        throw new FusionclipError('io', `Cannot write ${path}: the disk is full (ENOSPC).`);
      }
      await write(path, bytes);
    };
    await expectFailure('io', [/disk is full/], () => smallRun(contextOf(gpu, fs)));
    assert.isFalse(fs.files.has('/run/results.json'));
    fs.writeFile = write;
    await resumeRun(contextOf(gpu, fs), '/run', { model: await tinyBackbone() });
    const file = '/run/checkpoint/adapters.safetensors';
    assert.deepEqual(fs.files.get(file), whole.files.get(file));
  });

  test('a damaged or foreign checkpoint is refused by name', async (t) => {
    const fs = ruleSet();
    const context = contextOf(await t.gpu(), fs);
    const { adapters } = await smallRun(context, FIXED);
    const file = await openAdapters(fs, adapters);
    assert.equal(file.normals.length, 2);
    assert.equal(file.header.object, 'Brain');
    const bytes = fs.files.get(adapters)!;
    fs.files.set('/cut.safetensors', bytes.slice(0, bytes.length - 5));
    await expectFailure('bad_model', [/\/cut\.safetensors/], () => openAdapters(fs, '/cut.safetensors'));
    for (const [found, written] of [
      ['thresholds', 'thresholdz'],
      ['\\"image\\":', '\\"imagE\\":'],
      ['"inference":"{', '"inference":"['],
    ]) {
      fs.files.set('/odd.safetensors', replaced(bytes, found, written));
      await expectFailure('bad_model', [/\/odd\.safetensors was not written/], () =>
        openAdapters(fs, '/odd.safetensors'),
      );
    }
    await expectFailure('bad_model', [/not written by fusionclip/], () =>
      openAdapters(fs, '/run/checkpoint/latest.safetensors'),
    );
    // The checkpoint of an unfinished run is cut short.
    fs.files.delete('/run/results.json');
    const latest = '/run/checkpoint/latest.safetensors';
    fs.files.set(latest, fs.files.get(latest)!.slice(0, 4000));
    const model = await tinyBackbone();
    await expectFailure('bad_model', [/latest\.safetensors/], () => resumeRun(context, '/run', { model }));
    await expectFailure('bad_model', [/trained on tiny/], async () =>
      resumeRun(context, '/run', { model: await tinyBackbone(2) }),
    );
  });

  test('the file of a run holds the pictures of its normal support, each in its place', async (t) => {
    const fs = ruleSet();
    const { adapters } = await smallRun(contextOf(await t.gpu(), fs), FIXED);
    const { train, fusion } = runSettings(smallSettings(FIXED));
    const shots = await chooseShots(fs, await openDataset(fs, '/Brain_AD', 0), train);
    const { normal } = await readSupport(fs, shots, fusion, 0);
    const { normals } = await openAdapters(fs, adapters);
    assert.deepEqual(
      normals.map(({ data }) => data),
      normal.map(({ pixels }) => pixels.data),
    );
    assert.notDeepEqual(normals[0].data, normals[1].data);
    // It holds weights as well, and yet is no file of weights.
    await expectFailure('bad_model', [/was not written/], () => loadWeights(fs, adapters, []));
  });

  test('tensors are put back where names, shapes and numbers are right, or nowhere', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const array = GpuArray.from(gpu, Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    const restore = (name: string, shape: number[], values: number[]) =>
      restoreTensors('x', new Map([['w', array]]), new Map([[name, { shape, values: Float32Array.from(values) }]]));
    const good = [6, 5, 4, 3, 2, 1];
    await expectFailure('bad_model', [/it has v, the model has not/], () => restore('v', [2, 3], good));
    await expectFailure('bad_model', [/w has the shape \[3,2\], not \[2,3\]/], () => restore('w', [3, 2], good));
    for (const at of [0, 5]) {
      const wrong = good.map((value, i) => (i === at ? Number.NaN : value));
      await expectFailure('bad_model', [/w holds NaN/], () => restore('w', [2, 3], wrong));
    }
    assert.deepEqual([...(await array.read())], [1, 2, 3, 4, 5, 6]);
    restore('w', [2, 3], good);
    assert.deepEqual([...(await array.read())], good);
  });

  test('a run is not resumed on other data', async (t) => {
    const fs = ruleSet();
    const context = contextOf(await t.gpu(), fs);
    await smallRun(context, FIXED);
    fs.files.delete('/run/results.json');
    for (const path of [...fs.files.keys()])
      if (path.includes('/valid/good')) await fs.rename(path, path.replace('.png', 'x.png'));
    const model = await tinyBackbone();
    await expectFailure('bad_data', [/support images differ/], () => resumeRun(context, '/run', { model }));
  });
});

/** A file in which the first appearance of a text is another of the same length. */
function replaced(bytes: Uint8Array, found: string, written: string): Uint8Array<ArrayBuffer> {
  const [from, to] = [found, written].map((text) => [...text].map((c) => c.charCodeAt(0)));
  const at = bytes.findIndex((_, i) => from.every((byte, k) => bytes[i + k] === byte));
  assert.isAtLeast(at, 0);
  const out = new Uint8Array(bytes);
  out.set(to, at);
  return out;
}
