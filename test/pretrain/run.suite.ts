import { assert } from 'chai';
import { openSafetensors, writeSafetensors } from '../../src/clip/index.ts';
import { openClipModel } from '../../src/clip/model_file.ts';
import { parseSafetensors } from '../../src/clip/safetensors.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { openPretraining, type PairStepEvent, pretrain, resumePretrain } from '../../src/pretrain/index.ts';
import { serveTraining, Team } from '../../src/train/index.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { linked } from '../train/linked.ts';
import { contextOf } from '../train/small_run.ts';

const TINY = {
  families: 'brain,oct2017',
  batch: '8',
  patch: '8',
  width: '16',
  heads: '2',
  layers: '2',
  'text-width': '16',
  'text-heads': '2',
  'text-layers': '1',
  embed: '16',
  vocab: '530',
  warmup: '5',
};
const CHECKPOINT = 'model/checkpoint/latest.safetensors';

/** A run from the beginning, stopped by the signal after `stop` steps if that is given. */
async function run(gpu: Gpu, settings: Record<string, string>, stop?: number) {
  const fs = new MemoryFileSystem();
  const events: PairStepEvent[] = [];
  const control = new AbortController();
  const onStep = (event: PairStepEvent) => {
    events.push(event);
    if (event.step === stop) control.abort();
  };
  const work = pretrain(
    { fs, gpu, onStep, signal: control.signal },
    { out: 'model', settings: { ...TINY, ...settings } },
  );
  if (stop === undefined) await work;
  else await expectFailure('interrupted', [/--resume --out model/], () => work);
  return { fs, events };
}

suiteInTurn('pre-training', () => {
  test('the loss falls over 30 steps', async (t) => {
    const { events } = await run(await t.gpu(), { stages: '32x30', lr: '0.003' });
    const mean = (part: PairStepEvent[]) => part.reduce((sum, { loss }) => sum + loss, 0) / part.length;
    assert.equal(events.length, 30);
    assert.isBelow(mean(events.slice(-5)), mean(events.slice(0, 5)) - 0.3);
  });

  for (const [stop, where] of [
    [2, 'in the first stage'],
    [4, 'at the end of a stage'],
    [6, 'in the second stage'],
  ] as const) {
    test(`a run that is interrupted ${where} and resumed gives the same bits as one that is not`, async (t) => {
      const gpu = await t.gpu();
      const settings = { stages: '32x5,48x4', 'checkpoint.every': '3' };
      const whole = await run(gpu, settings);
      const { fs } = await run(gpu, settings, stop);
      await resumePretrain({ fs, gpu }, 'model');
      assert.deepEqual([...fs.files.keys()].sort(), [...whole.fs.files.keys()].sort());
      for (const path of [CHECKPOINT, 'model/model.safetensors']) {
        assert.deepEqual(fs.files.get(path), whole.fs.files.get(path), path);
      }
      const losses = (files: MemoryFileSystem) =>
        new TextDecoder()
          .decode(files.files.get('model/metrics.jsonl'))
          .trim()
          .split('\n')
          .map((line) => (JSON.parse(line) as PairStepEvent).loss);
      assert.deepEqual(losses(fs), losses(whole.fs));
    });
  }

  test('a seed gives the same bits twice, another seed others', async (t) => {
    const gpu = await t.gpu();
    const [first, second, other] = [
      await run(gpu, { stages: '32x3' }),
      await run(gpu, { stages: '32x3' }),
      await run(gpu, { stages: '32x3', seed: '2' }),
    ];
    assert.deepEqual(first.fs.files.get(CHECKPOINT), second.fs.files.get(CHECKPOINT));
    assert.notDeepEqual(first.fs.files.get(CHECKPOINT), other.fs.files.get(CHECKPOINT));
  });

  test('the folder is a model of the last size whose tokenizer knows the captions', async (t) => {
    const { fs } = await run(await t.gpu(), { stages: '32x2,48x2', act: 'gelu' });
    const model = await openClipModel(fs, 'model');
    assert.equal(model.naming, 'huggingface');
    assert.deepEqual(model.config.vision, { width: 16, layers: 2, heads: 2, mlp: 64, patch: 8, nativeSize: 48 });
    assert.equal(model.config.act, 'gelu');
    assert.equal(model.config.text.vocab, 530);
    assert.equal(model.config.eot, 529);
    const tokenizer = await model.tokenizer();
    const ids = tokenizer.sentence('A photo of a flawless Brain.');
    assert.deepEqual([tokenizer.start, tokenizer.end, ids.at(-1)], [528, 529, 529]);
    assert.isAbove(Math.max(...ids.slice(1, -1)), 511);
  });

  test('a checkpoint that is missing, of something else or cut short is refused', async (t) => {
    const gpu = await t.gpu();
    const { fs } = await run(gpu, { stages: '32x2' });
    const whole = fs.files.get(CHECKPOINT)!;
    const resume = (bytes: Uint8Array | null) => {
      const files = bytes ? [[CHECKPOINT, bytes] as const] : [];
      return () => resumePretrain({ fs: new MemoryFileSystem(files), gpu }, 'model');
    };
    await expectFailure('io', [/no checkpoint/], resume(null));
    await expectFailure('bad_model', [/latest.safetensors/], resume(whole.slice(0, whole.length - 100)));
    await expectFailure(
      'bad_model',
      [/no checkpoint of a pre-training/],
      resume(fs.files.get('model/model.safetensors')!),
    );
    // In a tensor, and in the name of the checksum, which must not make an old file of it.
    for (const at of [whole.length - 3, new TextDecoder('latin1').decode(whole).indexOf('"checksum"') + 2]) {
      const flipped = whole.slice();
      flipped[at] ^= 4;
      await expectFailure('bad_model', [/latest.safetensors is damaged/], resume(flipped));
    }
    // As it was before there were checksums, it is read.
    const read = async (at: number, length: number) => whole.slice(at, at + length);
    const { metadata } = await openSafetensors({ name: 'new', size: whole.length, read });
    const { checksum: _, format: __, ...facts } = Object.fromEntries(metadata) as Record<string, string>;
    const old = writeSafetensors(parseSafetensors(whole), facts);
    await resume(old)();
    const renamed = new TextDecoder('latin1').decode(old).replace('"exp_avg.ln_final.bias"', '"exp_avg.ln_final.xxxx"');
    await expectFailure(
      'bad_model',
      [/no tensor exp_avg.ln_final.bias \[16\]/],
      resume(Uint8Array.from(renamed, (c) => c.charCodeAt(0))),
    );
  });

  test('a folder that is not empty is left alone', async (t) => {
    const gpu = await t.gpu();
    const fs = new MemoryFileSystem([['model/notes.txt', new Uint8Array(1)]]);
    await expectFailure('usage', [/model is not empty/, /--resume/], () => pretrain({ fs, gpu }, { out: 'model' }));
    assert.deepEqual([...fs.files.keys()], ['model/notes.txt']);
  });

  test('in parts, any number of workers gives the same bits, also when one is gone on the way; one with other pairs takes no part', async (t) => {
    const gpu = await t.gpu();
    const settings = { ...TINY, stages: '32x2,48x1', batch: '6', parts: '3' };
    const trained = async (workers: number, most?: number) => {
      const fs = new MemoryFileSystem();
      const said: string[] = [];
      const served: Promise<unknown>[] = [];
      const team = async (training: object) => {
        const links = Array.from({ length: workers }, (_, i) => linked(`w${i}:1`, i === 0 ? most : undefined));
        for (const [, end] of links) {
          const context = contextOf(gpu, fs);
          const open = (what: unknown) => openPretraining(context, what, null);
          served.push(serveTraining(context, end, { data: null, model: null }, open).catch(() => {}));
        }
        return Team.open(
          links.map(([end]) => end),
          training,
          (text) => void said.push(text),
        );
      };
      await pretrain({ fs, gpu, ...(workers > 0 && { team }) }, { out: 'model', settings });
      await Promise.all(served);
      return { bytes: fs.files.get(CHECKPOINT), said };
    };
    const alone = await trained(0);
    const broken = await trained(2, 2);
    assert.deepEqual(broken.bytes, alone.bytes);
    assert.match(broken.said.join('\n'), /The worker w0:1 is gone at step 2 /);
    const told = { settings, data: null, merges: [], captions: 'others' };
    const fs = new MemoryFileSystem();
    await expectFailure('bad_data', [/other captions/], () => openPretraining({ fs, gpu }, told, null));
    const team = async () => Team.open([], {}, () => {});
    const one = { ...settings, parts: '1' };
    await expectFailure('usage', [/--parts 2/], () => pretrain({ fs, gpu, team }, { out: 'model', settings: one }));
  });
});
