import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import { preprocess, TextTower, VisionTower } from '../../src/clip/index.ts';
import { TEMPLATES } from '../../src/clip/sentences.ts';
import { rulePicture } from '../../src/data/picture.ts';
import type { Backbone } from '../../src/detect/backbone.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { Tensor } from '../../src/nn/index.ts';
import { formatRows, nameZeroShot, runStudy, type StudyRun, spreadOf, summarise } from '../../src/study/index.ts';
import { studyRunPath } from '../../src/study/study_run.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { ruleSet } from '../train/rule_set.ts';
import { contextOf, SMALL, smallSettings, textOf, tinyBackbone } from '../train/small_run.ts';
import { madeResults } from './made_results.ts';

async function runs(seeds: readonly number[], data = '/Brain_AD'): Promise<StudyRun[]> {
  const model = await tinyBackbone();
  return seeds.map((seed) => ({ set: 'Brain', method: 'plain', seed, data, model, settings: SMALL }));
}

suiteInTurn('studies', () => {
  test('seeds are put together as mean and sample deviation', () => {
    assert.deepEqual(spreadOf([1, 2, 3]), { mean: 2, std: 1, count: 3 });
    assert.deepEqual(spreadOf([5]), { mean: 5, std: 0, count: 1 });
    const run = (set: string, seed: number) => ({ set, method: 'm', seed }) as StudyRun;
    const rows = summarise([
      { run: run('A', 1), results: madeResults(0.5, 0.8) },
      { run: run('B', 1), results: madeResults(0.7, null) },
      { run: run('A', 2), results: madeResults(0.7, 0.6) },
    ]);
    assert.deepEqual(
      rows.map(({ set }) => set),
      ['A', 'B'],
    );
    assert.closeTo(rows[0].imageAuroc.mean, 0.6, 1e-12);
    assert.closeTo(rows[0].imageAuroc.std, Math.sqrt(0.02), 1e-12);
    assert.closeTo(rows[0].aupro!.mean, 0.35, 1e-12);
    assert.isNull(rows[1].pixelAuroc);
    // The mean over sets counts each metric where it is defined.
    assert.match(formatRows(rows), /mean {2}m\s+0\.650\s+0\.700\s+0\.350/);
  });

  test('a run that is finished is not run again, and one that fails does not stop the rest', async (t) => {
    const context = contextOf(await t.gpu(), ruleSet());
    const wrong: StudyRun = { ...(await runs([9]))[0], data: '/nowhere' };
    const [first, second] = await runs([1, 2]);
    const outcome = await runStudy(context, [first, wrong, second], '/study');
    assert.deepEqual(
      outcome.finished.map(({ run }) => run.seed),
      [1, 2],
    );
    assert.lengthOf(outcome.failed, 1);
    assert.include(outcome.failed[0].reason, '/nowhere');
    const marker = `/study/${studyRunPath(first)}/results.json`;
    const changed = JSON.parse(new TextDecoder().decode(context.fs.files.get(marker)));
    changed.selected.image.auroc = 0.125;
    await context.fs.writeFile(marker, JSON.stringify(changed));
    const again = await runStudy(context, [first, second], '/study');
    assert.equal(again.finished[0].results.selected.image.auroc, 0.125, 'read, not run again');
    const other: StudyRun = { ...first, settings: { ...SMALL, epochs: '2' } };
    const [rerun] = (await runStudy(context, [other], '/study')).finished;
    assert.notEqual(rerun.results.selected.image.auroc, 0.125, 'other settings: run again');
  });

  test('a finished run of another model, or of other settings that suit it, is run again', async (t) => {
    const context = contextOf(await t.gpu(), ruleSet());
    const model = 'generated:T:1';
    const [run] = await runs([1]);
    const own = { ...run, model, settings: smallSettings({ method: 'clip-memory' }) };
    await runStudy(context, [own], '/study');
    const place = `/study/${studyRunPath(own)}`;
    const [config, results] = [`${place}/config.json`, `${place}/results.json`];
    const again = async (part?: string, name = '', value = '') => {
      const marked = JSON.parse(textOf(context.fs, results));
      marked.selected.image.auroc = 0.125;
      await context.fs.writeFile(results, JSON.stringify(marked));
      const header = JSON.parse(textOf(context.fs, config));
      if (part) header[part][name] = value;
      await context.fs.writeFile(config, JSON.stringify(header));
      const [{ results: found }] = (await runStudy(context, [own], '/study')).finished;
      return found.selected.image.auroc === 0.125 ? 'read' : 'run again';
    };
    assert.equal(await again(), 'read');
    assert.equal(await again('model', 'hash', 'another'), 'run again');
    assert.equal(await again('settings', 'map.blur', '3'), 'run again');
  });

  test('an interrupted study stops at once and goes on later', async (t) => {
    const control = new AbortController();
    const context = contextOf(await t.gpu(), ruleSet(), {
      signal: control.signal,
      onEvent: (event) => {
        if (event.type === 'note' && event.text.startsWith('1 of 2')) control.abort(new Error('stop'));
      },
    });
    const both = await runs([1, 2]);
    const first = await runStudy(context, both, '/study');
    assert.equal((first.stopped as Error).message, 'stop');
    assert.deepEqual(
      first.finished.map(({ run }) => run.seed),
      [1],
    );
    const { finished } = await runStudy({ ...context, signal: undefined }, both, '/study');
    assert.lengthOf(finished, 2);
    const notes = context.events.filter((event) => event.type === 'note').map(({ text }) => text);
    assert.lengthOf(
      notes.filter((text) => text.includes('seed 1: ')),
      1,
      'the first run ran once',
    );
  });

  test('what is interrupted within a run says how the study goes on', async (t) => {
    const control = new AbortController();
    const context = contextOf(await t.gpu(), ruleSet(), {
      signal: control.signal,
      onEvent: (event) => {
        if (event.type === 'stage' && event.done === 0) control.abort(new FusionclipError('interrupted', 'Stopped.'));
      },
    });
    const both = await runs([1, 2]);
    const { stopped } = await runStudy(context, both, '/study');
    assert.equal(
      (stopped as Error).message,
      'Interrupted in Brain, plain, seed 1; finished runs are kept: the same command again goes on.',
    );
  });

  test('zero-shot naming gives each picture the name of the largest cosine', async (t) => {
    const gpu = await t.gpu();
    const model = await tinyBackbone();
    const names = ['brain', 'liver', 'lung', 'retina', 'a broken chest', 'skin'];
    const images = Array.from({ length: 40 }, (_, i) => rulePicture(`naming.${i}`, 1, 56, 56, 3, i % 3).image);
    // The same by hand: the mean of the unit embeddings of all templates, and the picture's cosine with it.
    const unit = (row: readonly number[]) => row.map((v) => v / Math.hypot(...row));
    const rowsOf = (values: Float32Array) =>
      Array.from({ length: values.length / 32 }, (_, i) => [...values.subarray(32 * i, 32 * i + 32)]);
    const cosines = await inTowers(gpu, model, async (vision, text) => {
      const means: number[][] = [];
      for (const name of names) {
        const ids = TEMPLATES.map((template) => model.tokenizer.sentence(template.replace('{}', name)));
        const rows = rowsOf(await (await text.encodeSentences(ids)).read()).map(unit);
        means.push(unit(rows[0].map((_, k) => rows.reduce((sum, row) => sum + row[k], 0))));
      }
      const out: number[][] = [];
      for (const image of images) {
        const input = GpuArray.from(gpu, preprocess(image, 'winclip', 56), [1, 3, 56, 56]);
        const [row] = rowsOf(await vision.encode(new Tensor(input), { embedding: true }).embedding!.read()).map(unit);
        out.push(means.map((mean) => mean.reduce((sum, v, k) => sum + v * row[k], 0)));
      }
      return out;
    });
    const nearest = cosines.map((row) => names[row.indexOf(Math.max(...row))]);
    assert.isAbove(new Set(nearest).size, 1);
    // Pictures that are called what is nearest are all named rightly, and those called something else wrongly.
    const named = (name: (i: number) => string) => images.map((image, i) => ({ image, name: name(i) }));
    const right = await nameZeroShot(
      gpu,
      model,
      named((i) => nearest[i]),
      names,
    );
    assert.deepEqual([right.images, right.accuracy], [40, 1]);
    const other = (i: number) => names[(names.indexOf(nearest[i]) + 1) % names.length];
    const half = await nameZeroShot(
      gpu,
      model,
      named((i) => (i < 10 ? nearest[i] : other(i))),
      names,
    );
    assert.equal(half.accuracy, 10 / 40);
    for (const name of names) {
      const own = images.flatMap((_, i) => ((i < 10 ? nearest[i] : other(i)) === name ? [i < 10] : []));
      if (own.length === 0) assert.notProperty(half.byName, name);
      else assert.equal(half.byName[name], own.filter(Boolean).length / own.length, name);
    }
  });
});

/** Both towers of a model for as long as `body` runs. */
async function inTowers<T>(
  gpu: Gpu,
  { weights }: Backbone,
  body: (vision: VisionTower, text: TextTower) => Promise<T>,
): Promise<T> {
  const vision = await VisionTower.load(gpu, weights, { size: 56 });
  const text = await TextTower.load(gpu, weights);
  using _scope = gpu.scope();
  try {
    return await body(vision, text);
  } finally {
    vision.release();
    text.release();
  }
}
