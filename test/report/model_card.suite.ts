import { assert } from 'chai';
import { type PretrainResult, pretrain } from '../../src/pretrain/index.ts';
import { CURVES, MODEL_CARD, writeModelCard } from '../../src/report/index.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suite, test } from '../harness/registry.ts';
import { textOf } from '../train/small_run.ts';

const SETTINGS = {
  ...{ families: 'brain,liver', 'without-kinds': 'cyst', stages: '32x6,40x3', batch: '4', seed: '7' },
  ...{ patch: '8', width: '16', heads: '2', layers: '1' },
  ...{ 'text-width': '16', 'text-layers': '1', embed: '16', vocab: '530', warmup: '5' },
};

suite('model card', () => {
  test('says how a model was made, what it has never seen, and how its loss fell', async (t) => {
    const gpu = await t.gpu();
    const fs = new MemoryFileSystem();
    const result = await pretrain({ fs, gpu }, { out: 'm', settings: SETTINGS });
    await writeModelCard(fs, 'm', result, 'an adapter');
    const card = textOf(fs, `m/${MODEL_CARD}`);
    assert.match(card, /toy for software tests and demonstrations.*not\s+for medical use/s);
    assert.include(card, 'pretrain --out DIR --families brain,liver --without-kinds cyst --stages 32x6,40x3 --batch 4');
    assert.match(card, /\| seed \| 7 \|/);
    assert.match(card, /\| adapter \| an adapter \|/);
    assert.match(card, /brain \(Brain\) \| tumour, .* \| cyst \|/);
    assert.match(card, /chest \(Chest\) \| none: never seen \| all \|/);
    const losses = textOf(fs, 'm/metrics.jsonl')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).loss as number);
    for (const [i, size] of [
      [0, 32],
      [5, 32],
      [6, 40],
      [8, 40],
    ]) {
      assert.include(card, `| ${i + 1} | ${size} | ${losses[i].toFixed(3)} |`);
    }
    const svg = textOf(fs, `m/${CURVES}`);
    assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    assert.lengthOf(svg.match(/<path class="curve"/g)!, 2, 'a curve for each size');
  });

  test('without the log there is no card', async () => {
    await expectFailure('io', [/metrics.jsonl is gone/], () =>
      writeModelCard(new MemoryFileSystem(), 'm', {} as PretrainResult, ''),
    );
  });
});
