import { assert } from 'chai';
import { sha256 } from '../../src/base/sha256.ts';
import { type ClipConfig, generateModel } from '../../src/clip/index.ts';
import { parseSafetensors } from '../../src/clip/safetensors.ts';
import { decodeImage } from '../../src/data/decode.ts';
import { encodePng } from '../../src/data/png.ts';
import { openModel } from '../../src/detect/backbone.ts';
import { evaluateRun } from '../../src/detect/evaluate_run.ts';
import { predictImages } from '../../src/detect/predict.ts';
import { resumeRun, trainRun } from '../../src/train/index.ts';
import { expectFailure } from '../data/expect_failure.ts';
import type { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { ruleSet } from './rule_set.ts';
import { contextOf, smallRun, smallSettings, textOf, tinyBackbone, tinyConfig } from './small_run.ts';

/** A matrix that is in no fingerprint. */
const INNER = 'visual.transformer.resblocks.0.mlp.c_fc.weight';

/** As the tiny model, with heads of 64, which files of OpenAI's layout have. */
function fileConfig(): ClipConfig {
  const { vision, text, ...rest } = tinyConfig();
  const tower = { width: 64, heads: 1 };
  return { ...rest, vision: { ...vision, ...tower }, text: { ...text, ...tower } };
}

/** Writes the tiny model to a file, with one tensor changed. */
async function writeTiny(fs: MemoryFileSystem, path: string, change: (data: Uint8Array) => void = () => {}) {
  await generateModel(fileConfig(), 1, {}, await fs.createWriter(path));
  const bytes = fs.files.get(path)!.slice();
  change(parseSafetensors(bytes).get(INNER)!.data);
  fs.files.set(path, bytes);
}

suiteInTurn('what a run was trained on', () => {
  test('is a model whose every weight counts: another one is refused where the run goes on or is used', async (t) => {
    const fs = ruleSet();
    const context = contextOf(await t.gpu(), fs);
    await writeTiny(fs, '/tiny.safetensors');
    const settings = smallSettings({ prompt: 'fixed', epochs: '1' });
    await trainRun(context, { data: '/Brain_AD', model: '/tiny.safetensors', out: '/run', settings });
    const { model } = JSON.parse(textOf(fs, '/run/config.json'));
    assert.match(model.sha256, /^[0-9a-f]{64}$/);
    const use = {
      predict: () => predictImages(context, { adapters: '/run', paths: ['/Brain_AD/test/good'], out: null }),
      eval: () => evaluateRun(context, { adapters: '/run', out: null }),
      resume: () => resumeRun(context, '/run'),
    };
    await use.predict();
    // The lowest bit of one number.
    await writeTiny(fs, '/tiny.safetensors', (data) => {
      data[400] ^= 1;
    });
    const other = await openModel(fs, '/tiny.safetensors');
    assert.equal(other.identity.hash, model.hash, 'the fingerprint does not see it');
    fs.files.delete('/run/results.json');
    for (const call of Object.values(use)) {
      await expectFailure(
        'bad_model',
        [/weights of \/tiny\.safetensors are not those that .*run.* was trained on/],
        call,
      );
    }
  });

  test('is a model that may be damaged, which is said', async () => {
    const fs = ruleSet();
    await writeTiny(fs, '/whole.safetensors');
    assert.notMatch((await openModel(fs, '/whole.safetensors')).note ?? '', /damaged/);
    await writeTiny(fs, '/zeros.safetensors', (data) => data.fill(0));
    assert.match(
      (await openModel(fs, '/zeros.safetensors')).note!,
      /zeros\.safetensors looks damaged: visual\.transformer\.resblocks\.0\.mlp\.c_fc\.weight hold nothing but zeros/,
    );
    await writeTiny(fs, '/ones.safetensors', (data) => data.fill(0x3f));
    assert.match((await openModel(fs, '/ones.safetensors')).note!, /hold one value alone/);
  });

  test('are support images by their pixels: negatives under the same names are refused', async (t) => {
    const gpu = await t.gpu();
    const fs = ruleSet();
    await smallRun(contextOf(gpu, fs), { prompt: 'fixed', epochs: '1' });
    const shots = JSON.parse(textOf(fs, '/run/shots.json'));
    assert.match(shots.sha256.normal[1], /^[0-9a-f]{64}$/);
    assert.lengthOf(shots.sha256.abnormal, 2);
    fs.files.delete('/run/results.json');
    const path = `/Brain_AD/${shots.abnormal[0]}`;
    const image = decodeImage(fs.files.get(path)!, path);
    await fs.writeFile(path, encodePng({ ...image, data: Uint8Array.from(image.data, (value) => 255 - value) }));
    const model = await tinyBackbone();
    await expectFailure('bad_data', [/support images differ in names or pixels/], () =>
      resumeRun(contextOf(gpu, fs), '/run', { model }),
    );
    // A run of before there were sums has names alone.
    const { sha256: _, ...names } = shots;
    await fs.writeFile('/run/shots.json', JSON.stringify(names));
    await resumeRun(contextOf(gpu, fs), '/run', { model });
  });

  test('SHA-256 of parts is that of them together', async () => {
    const abc = new Uint8Array([97, 98, 99]);
    const known = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    assert.equal(await sha256(abc), known);
    assert.equal(await sha256(abc.slice(0, 1), abc.slice(1)), known);
  });
});
