import { assert } from 'chai';
import { joinPath } from '../../src/base/paths.ts';
import { writePhantoms } from '../../src/phantom/index.ts';
import { trainRun } from '../../src/train/index.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suite, test } from '../harness/registry.ts';
import { contextOf, textOf } from '../train/small_run.ts';

const MODEL = 'tiny-clip';
const FILES = ['config.json', 'fusionclip.json', 'model.safetensors', 'vocab.json', 'merges.txt'];

/** The same method in a few seconds: what it computes and at which size is left to the model. */
const SHORT = { aug: 'none', epochs: '2', batch: '8', 'map.files': 'none' };

suite('the first command', () => {
  for (const seed of [0, 1, 2]) {
    test(
      `the model that comes with the program, without a word about its settings, finds what the demo finds: seed ${seed}`,
      async (t) => {
        const fs = new MemoryFileSystem([]);
        for (const name of FILES) {
          await fs.writeFile(joinPath(MODEL, name), await t.fixture(`../models/${MODEL}/${name}`));
        }
        // The first of the demo's own.
        const data = await writePhantoms(fs, {
          set: 'brain',
          seed: 1,
          train: 0,
          valid: 16,
          test: 24,
          size: 168,
          out: '/data',
        });
        const settings = { ...SHORT, seed: String(seed) };
        const { results } = await trainRun(contextOf(await t.gpu(), fs), { data, model: MODEL, out: '/run', settings });
        assert.isAtLeast(results.selected.image.auroc, 0.9);
        assert.isAtLeast(results.selected.pixel!.auroc, 0.95);
        const { sources } = JSON.parse(textOf(fs, '/run/config.json'));
        const folder = 'fusionclip.json';
        assert.deepInclude(sources, {
          size: 'model',
          temperature: 'model',
          'prompt.nctx': folder,
          'score.cls': folder,
        });
      },
      // What is held here is a choice of settings; what they compute other suites hold in every runtime.
      ['deno'],
    );
  }
});
