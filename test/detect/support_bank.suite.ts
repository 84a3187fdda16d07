import { assert } from 'chai';
import { openSafetensors, writeSafetensors } from '../../src/clip/index.ts';
import { openAdapters } from '../../src/detect/adapters_file.ts';
import { openModel } from '../../src/detect/backbone.ts';
import { evaluateTrained } from '../../src/detect/evaluate_run.ts';
import type { ScoredSet } from '../../src/detect/scoring.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { trainRun } from '../../src/train/index.ts';
import { expectFailure } from '../data/expect_failure.ts';
import type { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { ruleSet } from '../train/rule_set.ts';
import { contextOf, smallSettings, tinyBackbone } from '../train/small_run.ts';

const ADAPTERS = '/run/checkpoint/adapters.safetensors';
const scoresOf = ({ images }: ScoredSet) => images.map(({ score }) => score);

async function trained(gpu: Gpu, settings: Record<string, string>) {
  const fs = ruleSet();
  const context = contextOf(gpu, fs);
  const isMedClip = settings.method === 'medclip';
  const model = isMedClip ? await openModel(fs, 'generated:medclip-swin-mini') : await tinyBackbone();
  const given = smallSettings({ epochs: '1', ...(isMedClip && { size: '98' }), ...settings });
  const outcome = await trainRun(context, { data: '/Brain_AD', model, out: '/run', settings: given });
  const again = async (changed: Record<string, string> = {}) =>
    scoresOf(
      (await evaluateTrained(context, { adapters: ADAPTERS, model, data: '/Brain_AD', settings: changed })).scored,
    );
  return { fs, context, scores: scoresOf(outcome.scored), again };
}

/** The tensors and texts of an adapters file. */
async function opened(fs: MemoryFileSystem) {
  const bytes = fs.files.get(ADAPTERS)!;
  const file = await openSafetensors({
    name: 'x',
    size: bytes.length,
    read: async (at, length) => bytes.slice(at, at + length) as Uint8Array<ArrayBuffer>,
  });
  return { file, types: [...file.tensors].map(([name, { dtype }]) => `${name} ${dtype}`) };
}

/** Puts another image in the place of every normal one that could have been drawn; the test images stay. */
function loseTraining(fs: MemoryFileSystem): void {
  const other = fs.files.get('/Brain_AD/test/good/img/0.png')!;
  for (const path of fs.files.keys()) if (path.startsWith('/Brain_AD/valid/good/')) fs.files.set(path, other);
}

suiteInTurn('what adapters hold of the support images', () => {
  const METHODS: readonly Record<string, string>[] = [
    { prompt: 'fixed' },
    { method: 'clip-memory' },
    { method: 'clip-both' },
    { method: 'winclip+' },
    { method: 'april-gan' },
    { method: 'mvfa' },
    { method: 'medclip' },
  ];
  for (const settings of METHODS) {
    test(`features give the scores of pixels, and no image: ${settings.method ?? 'fusionclip'}`, async (t) => {
      const gpu = await t.gpu();
      const features = await trained(gpu, settings);
      const { file, types } = await opened(features.fs);
      assert.equal(file.metadata.get('bank'), 'features');
      assert.match(file.metadata.get('contains')!, /holds features of the 2 normal support images, and no picture/);
      assert.isTrue(types.some((type) => type.startsWith('bank/')));
      assert.isFalse(
        types.some((type) => type.endsWith(' U8')),
        types.join(),
      );
      const pixels = await trained(gpu, { ...settings, bank: 'pixels' });
      assert.equal((await opened(pixels.fs)).file.metadata.get('bank'), 'pixels');
      const [a, b] = [await features.again(), await pixels.again()];
      a.forEach((score, i) => {
        assert.approximately(score, b[i], 1e-4);
        assert.approximately(score, features.scores[i], 1e-4);
      });
      assert.match(
        features.context.events.map((e) => JSON.stringify(e)).join(),
        /no picture; features are not anonymous/,
      );
      assert.match(
        pixels.context.events.map((e) => JSON.stringify(e)).join(),
        /whoever gets the file gets the pictures/,
      );
    });
  }

  test('none: the support images come from the data set, or are asked for', async (t) => {
    const { fs, scores, again } = await trained(await t.gpu(), { method: 'clip-memory', bank: 'none' });
    assert.deepEqual((await opened(fs)).types, []);
    (await again()).forEach((score, i) => {
      assert.approximately(score, scores[i], 1e-6);
    });
    // Another image in the place of one is not taken for it.
    loseTraining(fs);
    await expectFailure('bad_model', [/does not hold \(--bank none\)/, /--bank pixels/], () => again());
  });

  test('a method without a bank needs none', async (t) => {
    const { fs, scores, again } = await trained(await t.gpu(), { method: 'clip-text' });
    assert.equal((await opened(fs)).file.metadata.get('bank'), 'none');
    loseTraining(fs);
    assert.deepEqual(await again(), scores);
  });

  test('settings that change the bank take the images from the data set, or say that they are gone', async (t) => {
    const { fs, again } = await trained(await t.gpu(), { method: 'clip-memory' });
    const other = await again({ 'memory.augment': 'true' });
    assert.notDeepEqual(other, await again());
    loseTraining(fs);
    await again({ 'map.blur': '2' });
    await expectFailure('bad_model', [/These settings need .*--bank features/], () =>
      again({ 'memory.augment': 'true' }),
    );
  });

  test('files of before there was a choice are read', async (t) => {
    const { fs, again } = await trained(await t.gpu(), { method: 'clip-memory', bank: 'pixels' });
    const scores = await again();
    const { file } = await opened(fs);
    const { images: _, ...inference } = JSON.parse(file.metadata.get('inference')!);
    const header = JSON.parse(file.metadata.get('header')!);
    delete header.settings.bank;
    const tensors: [string, { dtype: string; shape: readonly number[]; data: Uint8Array }][] = [];
    for (const [name, { dtype, shape }] of file.tensors) {
      tensors.push([name, { dtype, shape, data: await file.read(name) }]);
    }
    const metadata = { format: 'fusionclip', what: 'adapters' };
    const texts = { header: JSON.stringify(header), inference: JSON.stringify(inference) };
    fs.files.set(ADAPTERS, writeSafetensors(tensors, { ...metadata, ...texts }));
    const { bank } = await openAdapters(fs, ADAPTERS);
    assert.deepEqual([bank.kind, bank.images.length, bank.pixels.length], ['pixels', 2, 2]);
    loseTraining(fs);
    assert.deepEqual(await again(), scores);
  });
});
