import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import { turn } from '../../src/base/turn.ts';
import { openSafetensors, writeSafetensors } from '../../src/clip/index.ts';
import { parseSafetensors } from '../../src/clip/safetensors.ts';
import { openDataset } from '../../src/data/layout/open.ts';
import { openAdapters } from '../../src/detect/adapters_file.ts';
import { chooseShots, readSupport } from '../../src/detect/support.ts';
import { readAll, restoreTensors } from '../../src/detect/tensor_file.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import { optionTextsOf, runSettings } from '../../src/run/run_config.ts';
import { loadWeights } from '../../src/train/checkpoint.ts';
import { resumeRun } from '../../src/train/index.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { ruleSet } from './rule_set.ts';
import { contextOf, metricsOf, smallRun, smallSettings, tinyBackbone } from './small_run.ts';

const FIXED = { prompt: 'fixed', epochs: '1' };

suiteInTurn('run folders and checkpoints', () => {
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

  test('values are read at once, up to a bound, in their order', async () => {
    const begun: number[] = [];
    const arrive: (() => void)[] = [];
    const array = (size: number): GpuArray => {
      const read = () => {
        begun.push(size);
        return new Promise<Float32Array>((resolve) => arrive.push(() => resolve(Float32Array.of(size))));
      };
      return { size, shape: [size], read } as unknown as GpuArray;
    };
    const sizes = [3, 1, 2 ** 24 - 4, 5, 2 ** 25, 6];
    const reading = readAll(new Map(sizes.map((size, i) => [String(i), array(size)])), '/x');
    const bunches: number[][] = [];
    while (begun.length > 0) {
      bunches.push(begun.splice(0));
      for (const each of arrive.splice(0).reverse()) each();
      await turn();
    }
    assert.deepEqual(bunches, [[3, 1, 2 ** 24 - 4], [5], [2 ** 25], [6]]);
    assert.deepEqual(
      (await reading).map(([name, { shape, data }]) => [name, ...shape, new Float32Array(data.slice().buffer)[0]]),
      sizes.map((size, i) => [String(i), size, size]),
    );
  });

  test('a finished run is not overwritten, and its folder holds nothing else after --force', async (t) => {
    const fs = ruleSet();
    const context = contextOf(await t.gpu(), fs);
    await smallRun(context, FIXED);
    const without =
      /\/run holds a finished run; .*--force\. Its report is missing: fusionclip report \/run makes it\.$/;
    await expectFailure('usage', [without], () => smallRun(context, FIXED));
    await context.fs.writeFile('/run/report.html', '');
    await expectFailure('usage', [/\/run holds a finished run; .*--force\.$/], () => smallRun(context, FIXED));
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
    assert.equal(file.bank.images.length, 2);
    assert.equal(file.header.object, 'Brain');
    const bytes = fs.files.get(adapters)!;
    fs.files.set('/cut.safetensors', bytes.slice(0, bytes.length - 5));
    await expectFailure('bad_model', [/\/cut\.safetensors/], () => openAdapters(fs, '/cut.safetensors'));
    const old = await unsealed(bytes);
    for (const [found, written] of [
      ['thresholds', 'thresholdz'],
      ['\\"image\\":', '\\"imagE\\":'],
      ['"inference":"{', '"inference":"['],
    ]) {
      fs.files.set('/odd.safetensors', replaced(old, found, written));
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

  test('a bit that flips anywhere in a checkpoint is found', async (t) => {
    const fs = ruleSet();
    const { adapters } = await smallRun(contextOf(await t.gpu(), fs), FIXED);
    const whole = fs.files.get(adapters)!;
    const text = new TextDecoder('latin1').decode(whole);
    const header = 8 + new DataView(whole.buffer).getUint32(0, true);
    const places = ['"checksum"', 'fusionclip-2', 'adapters', '"lr.prompt', 'F32'].map(
      (part) => text.indexOf(part) + 2,
    );
    for (const at of [0, header - 1, header, header + 1001, whole.length - 1, ...places]) {
      for (const bit of [0, 6]) {
        const bytes = whole.slice();
        bytes[at] ^= 1 << bit;
        fs.files.set('/flipped.safetensors', bytes);
        await expectFailure('bad_model', [/\/flipped\.safetensors/], () => openAdapters(fs, '/flipped.safetensors'));
      }
    }
    fs.files.set('/copy.safetensors', whole);
    assert.equal((await openAdapters(fs, '/copy.safetensors')).bank.images.length, 2);
  });

  test('a file from before there were checksums is read', async (t) => {
    const fs = ruleSet();
    const { adapters } = await smallRun(contextOf(await t.gpu(), fs), FIXED);
    fs.files.set('/old.safetensors', await unsealed(fs.files.get(adapters)!));
    assert.deepEqual(await openAdapters(fs, '/old.safetensors'), await openAdapters(fs, adapters));
  });

  test('a run without its checkpoint says that it begins again, and one without its best weights is refused', async (t) => {
    const fs = ruleSet();
    const gpu = await t.gpu();
    await smallRun(contextOf(gpu, fs), FIXED);
    const result = fs.files.get('/run/checkpoint/adapters.safetensors');
    const model = await tinyBackbone();
    fs.files.delete('/run/results.json');
    const best = fs.files.get('/run/checkpoint/best.safetensors')!;
    fs.files.delete('/run/checkpoint/best.safetensors');
    const resume = async () => {
      const context = contextOf(gpu, fs);
      await resumeRun(context, '/run', { model });
      return context.events.flatMap((event) => (event.type === 'note' ? [event.text] : [])).join('\n');
    };
    await expectFailure('io', [/no file \/run\/checkpoint\/best\.safetensors/], resume);
    fs.files.set('/run/checkpoint/best.safetensors', best);
    fs.files.delete('/run/checkpoint/latest.safetensors');
    assert.match(
      await resume(),
      /\/run has no checkpoint\/latest\.safetensors, so its training begins again at step 1\./,
    );
    assert.deepEqual(fs.files.get('/run/checkpoint/adapters.safetensors'), result);
  });

  test('a log that is cut short loses its last lines, which is said, and the run goes on', async (t) => {
    const fs = ruleSet();
    const gpu = await t.gpu();
    await smallRun(contextOf(gpu, fs), { prompt: 'fixed' });
    const whole = metricsOf(fs);
    const log = fs.files.get('/run/metrics.jsonl')!;
    // In the middle of the last line, and between it and its end.
    for (const [cut, lost] of [
      [5, 1],
      [1, 0],
    ]) {
      fs.files.delete('/run/results.json');
      fs.files.set('/run/metrics.jsonl', log.slice(0, log.length - cut));
      const context = contextOf(gpu, fs);
      await resumeRun(context, '/run', { model: await tinyBackbone() });
      assert.equal(/metrics\.jsonl was cut short: 1 of its lines are/.test(JSON.stringify(context.events)), lost > 0);
      assert.deepEqual(metricsOf(fs), whole.slice(0, whole.length - lost));
    }
    fs.files.delete('/run/results.json');
    for (const name of ['shots.json', 'data.json', 'env.json']) {
      const own = fs.files.get(`/run/${name}`)!;
      for (const bytes of [own.slice(0, own.length / 2), new TextEncoder().encode('[5]')]) {
        fs.files.set(`/run/${name}`, bytes);
        const model = await tinyBackbone();
        await expectFailure('bad_data', [new RegExp(`^/run/${name} is damaged`), /remove it/], () =>
          resumeRun(contextOf(gpu, fs), '/run', { model }),
        );
        assert.deepEqual(fs.files.get(`/run/${name}`), bytes);
      }
      fs.files.set(`/run/${name}`, own);
    }
  });

  test('the file of a run holds the pictures of its normal support, each in its place', async (t) => {
    const fs = ruleSet();
    const { adapters } = await smallRun(contextOf(await t.gpu(), fs), { ...FIXED, bank: 'pixels' });
    const { train, fusion } = runSettings(smallSettings(FIXED));
    const shots = await chooseShots(fs, await openDataset(fs, '/Brain_AD'), train);
    const { normal } = await readSupport(fs, shots, fusion, 0);
    const normals = (await openAdapters(fs, adapters)).bank.pixels;
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

/** A file as it was written before there were checksums. */
async function unsealed(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const read = async (at: number, length: number) => bytes.slice(at, at + length);
  const { metadata } = await openSafetensors({ name: 'new', size: bytes.length, read });
  const { checksum, ...old } = { ...Object.fromEntries(metadata), format: 'fusionclip' } as Record<string, string>;
  assert.match(checksum, /^[0-9a-f]{64}$/);
  return writeSafetensors(parseSafetensors(bytes), old);
}

/** A file in which the first appearance of a text is another of the same length. */
function replaced(bytes: Uint8Array, found: string, written: string): Uint8Array<ArrayBuffer> {
  const [from, to] = [found, written].map((text) => [...text].map((c) => c.charCodeAt(0)));
  const at = bytes.findIndex((_, i) => from.every((byte, k) => bytes[i + k] === byte));
  assert.isAtLeast(at, 0);
  const out = new Uint8Array(bytes);
  out.set(to, at);
  return out;
}
