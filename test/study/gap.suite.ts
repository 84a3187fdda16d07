import { assert } from 'chai';
import type { AnyBackbone, Backbone } from '../../src/detect/backbone.ts';
import { NO_DEFAULTS } from '../../src/detect/model_defaults.ts';
import { developGap, summariseTrials, trialRows, USUAL_TRIALS } from '../../src/study/gap/develop.ts';
import { familyRows, nameThatFits } from '../../src/study/gap/family_words.ts';
import { studyGap } from '../../src/study/gap/gap.ts';
import { type GapRun, gapRun, gapRunKey, readGapRuns, writeGapRuns } from '../../src/study/gap/gap_run.ts';
import { goalsOf } from '../../src/study/gap/goals.ts';
import { summariseGap } from '../../src/study/gap/summary.ts';
import { STUDY_ROWS } from '../../src/study/reproduction/rows.ts';
import type { FinishedStudyRun, StudyRun } from '../../src/study/study_run.ts';
import type { TrainContext } from '../../src/train/train_run.ts';
import { MemoryFiles } from '../clip/memory_files.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suite, suiteInTurn, test } from '../harness/registry.ts';
import { contextOf } from '../train/small_run.ts';
import { madeResults } from './made_results.ts';

function finished(set: string, method: string, seed: number, auroc: number, shots?: number): FinishedStudyRun {
  return { run: { set, method, seed, shots } as StudyRun, results: madeResults(auroc, null) };
}

function run(...made: Parameters<typeof finished>): GapRun {
  const { run: own, results } = finished(...made);
  return gapRun(own, results, made.join(' '), 'none');
}

suite('study of the gap', () => {
  test('differences are paired by seed, and a mean takes only seeds that have every family', () => {
    const finished = [
      ...[run('a', 'clip-text', 1, 0.5), run('b', 'clip-text', 1, 0.6), run('a', 'clip-text', 2, 0.4)],
      ...[run('b', 'clip-text', 2, 0.7), run('a', 'clip-text', 3, 0.9)],
      ...[run('a', 'fusionclip', 1, 0.8, 4), run('b', 'fusionclip', 1, 0.9, 4)],
      ...[run('a', 'fusionclip', 2, 0.6, 4), run('b', 'fusionclip', 2, 0.6, 4)],
    ];
    const { rows, differences } = summariseGap(finished, ['a', 'b'], [2, 4], ['clip-text', 'fusionclip']);
    const mean = (method: string, shots: number) =>
      rows.find((row) => row.set === 'mean' && row.method === method && row.shots === shots);
    assert.deepEqual(mean('clip-text', 2)?.seeds, [1, 2], 'what reads no support image holds for any number of them');
    assert.closeTo(mean('fusionclip', 4)!.imageAuroc.mean, 0.725, 1e-12);
    assert.isUndefined(mean('fusionclip', 2));
    const all = differences.find(({ set }) => set === 'mean')!;
    assert.deepEqual([all.first, all.second, all.shots], ['fusionclip', 'clip-text', 4]);
    assert.closeTo(all.bySeed.mean, (0.3 + 0.05) / 2, 1e-12);
    assert.deepEqual([all.bySeed.count, all.bySeed.above, all.bySeed.below], [2, 2, 0]);
    assert.deepEqual([all.bySetAndSeed!.count, all.bySetAndSeed!.above, all.bySetAndSeed!.below], [4, 3, 1]);
    const a = differences.find(({ set }) => set === 'a')!;
    assert.closeTo(a.bySeed.mean, 0.25, 1e-12, 'seed 3 has no partner');
  });

  test('the better of two rivals is known when both were run', () => {
    const finished = [1, 2].flatMap((seed) => [
      run('a', 'fusionclip', seed, 0.8, 4),
      run('a', 'april-gan', seed, 0.7 + seed / 100, 4),
      run('a', 'mvfa', seed, 0.75 + seed / 100, 4),
    ]);
    const goal = (methods: readonly string[]) => {
      const some = finished.filter((one) => methods.includes(one.method));
      const { rows, differences } = summariseGap(some, ['a'], [4], methods);
      return goalsOf(rows, differences)[2];
    };
    const both = goal(['april-gan', 'mvfa', 'fusionclip']);
    assert.match(both.reached, /^0.035 .*against mvfa$/);
    assert.isFalse(both.met, 'two seeds 0.01 apart have a wide interval');
    const one = goal(['april-gan', 'fusionclip']);
    assert.match(one.reached, /^0.085 .*against april-gan; mvfa was not run$/);
    assert.isNull(one.met);
  });

  test('brightness stands beside every number of support images, in its better direction', () => {
    const { rows } = summariseGap([run('a', 'clip-text', 1, 0.5)], ['a'], [2, 4], ['clip-text']);
    const low = rows.filter(({ method, set }) => method === '99.5th percentile of grey values' && set === 'a');
    assert.deepEqual(
      low.map(({ shots }) => shots),
      [2, 4],
    );
    assert.closeTo(low[0].imageAuroc.mean, 0.7, 1e-12);
  });
});

suiteInTurn('runs of the study of the gap', () => {
  test('what is finished stays, whatever is asked next, and nothing is run where stored ones are wanted', async (t) => {
    const fs = new MemoryFileSystem([]);
    const context = contextOf(await t.gpu(), fs);
    const same = {
      model: 'generated:T:1',
      out: '/gap',
      seeds: [1],
      families: ['brain'],
      shots: [2],
      valid: 4,
      test: 4,
    };
    const settings = { size: '42', 'map.files': 'none' };
    const study = (methods: readonly string[], stored = false) =>
      studyGap(context, 'none', { ...same, settings, methods, stored });
    await study(['clip-text']);
    await study(['clip-memory']);
    const { finished, total } = await study(['clip-text', 'clip-memory', 'mvfa'], true);
    assert.deepEqual([finished, total], [2, 3]);
    await fs.remove('/gap/runs');
    assert.equal((await study(['clip-text', 'clip-memory'], true)).finished, 2);
    assert.equal((await study(['mvfa'], true)).finished, 0);
  });
});

suite('what prompts of a study call a family', () => {
  // A token for each letter, as the vocabulary of a small model spells long words. The longest sentences of a name are
  // "a black and white photo of the NAME without defect." and "a photo of a NAME without defect.": 49 and 31 tokens with start and
  // end, besides the name's own.
  const tokenizer = { encode: (sentence: string) => Array.from(sentence) as unknown as number[] };
  const named = (context: number, vectors = 4) =>
    nameThatFits(['histopathological image', 'tissue', 'cell'], { tokenizer, context, vectors });

  test('it is the first name that all 420 sentences have room for, and learnable vectors in the plain one', () => {
    assert.equal(named(49 + 23), 'histopathological image');
    assert.equal(named(49 + 22), 'tissue');
    assert.equal(named(49 + 6), 'tissue');
    assert.equal(named(49 + 5), 'cell');
    assert.equal(named(49 + 23, 18), 'histopathological image');
    assert.equal(named(49 + 23, 19), 'tissue');
  });

  test('a model that can read none of them is refused by name', () => {
    const few =
      /room for 52 tokens, too few for prompts that say "histopathological image" or "tissue" or "cell"; leave/;
    assert.throws(() => named(49 + 3), few);
  });

  test('WinCLIP, some sentences of which are longer, says the next name that they have room for, and that is told', () => {
    // A token for each word, but for "inspection.", which WinCLIP alone says: with "a photo of the NAME without flaw for visual" it has
    // 19, besides the name's own, start and end among them.
    const words = (sentence: string) => sentence.split(' ').flatMap((w) => (w.startsWith('inspection') ? [...w] : [w]));
    const rows = STUDY_ROWS.filter(({ name }) => ['winclip', 'winclip+', 'mvfa', 'fusionclip'].includes(name));
    const saidWith = (context: number, given: Record<string, string> = {}) => {
      const notes: string[] = [];
      const backbone = {
        tokenizer: { encode: words },
        weights: { config: { text: { context } } },
        defaults: NO_DEFAULTS,
      } as unknown as Backbone;
      const told = { onEvent: (event: { type: string; text?: string }) => void notes.push(event.text ?? '') };
      const own = familyRows(told as unknown as TrainContext, backbone, 'chest', rows, given);
      return { names: own.map(({ settings }) => settings['prompt.object'] ?? ''), notes };
    };
    assert.deepEqual(saidWith(21 + 3), { names: ['', '', '', ''], notes: [] });
    assert.deepEqual(saidWith(21 + 2), {
      names: ['chest radiograph', 'chest radiograph', '', ''],
      notes: [
        'chest: prompts of WinCLIP say "chest radiograph", since "Chest X-ray film" is too long for the 23 tokens of the model.',
      ],
    });
    assert.deepEqual(saidWith(21 + 2, { 'prompt.object': 'lung' }), { names: ['', '', '', ''], notes: [] });
    assert.throws(() => saidWith(21 + 1), /room for 22 tokens, .* or "chest radiograph" or "chest X-ray"; leave/);
  });
});

suite('runs of a study of other machines', () => {
  const model = (bytes: string) =>
    ({ identity: { hash: 'h', sha256: bytes }, defaults: NO_DEFAULTS }) as unknown as AnyBackbone;
  const one = { set: 'brain', method: 'mvfa', seed: 3, data: 'runs/brain', settings: { method: 'mvfa', shots: '4' } };
  const key = (change: object, bytes = 'abc', valid = 48) =>
    gapRunKey({ ...one, ...change } as unknown as StudyRun, model(bytes), { valid, test: 80 });

  test('they are known by model, settings, seed and numbers of pictures, wherever the pictures lie', async () => {
    const own = await key({});
    assert.equal(await key({ data: '/elsewhere/brain' }), own);
    assert.equal(await key({ settings: { ...one.settings, 'lr.adapter': '1e-3' } }), own, 'a default, said');
    const others = [
      key({ seed: 4 }),
      key({ set: 'liver' }),
      key({ settings: { ...one.settings, shots: '2' } }),
      key({ settings: { ...one.settings, 'lr.adapter': '1e-4' } }),
      key({}, 'abd'),
      key({}, 'abc', 40),
    ];
    assert.equal(new Set([own, ...(await Promise.all(others))]).size, 7);
  });

  test('a file without runs is refused by name, and runs come back as they were written', async () => {
    const files = new MemoryFiles({});
    const runs = [run('a', 'mvfa', 1, 0.7, 4), run('a', 'clip-text', 1, 0.5)];
    const write = (text: string) => files.writeFile('runs.json', text);
    await writeGapRuns(files, 'runs.json', runs);
    assert.deepEqual(await readGapRuns(files, 'runs.json'), runs);
    for (const text of ['{}', '[', '{"runs":[{"key":"a"}]}', JSON.stringify({ runs: [...runs, null] })]) {
      await write(text);
      await expectFailure('usage', [/^runs.json is no runs.json of a study/], () => readGapRuns(files, 'runs.json'));
    }
    await expectFailure('usage', [/^There is no file other.json/], () => readGapRuns(files, 'other.json'));
  });
});

suite('development of the method', () => {
  test('trials are paired with no change, family by family and seed by seed, the best first', () => {
    const trials = ['as it is', 'fuse=mean', 'epochs=3'];
    const runs = [
      ...[
        finished('a', 'as it is', 901, 0.5, 4),
        finished('b', 'as it is', 901, 0.6, 4),
        finished('a', 'as it is', 902, 0.7, 4),
      ],
      ...[
        finished('a', 'fuse=mean', 901, 0.75, 4),
        finished('b', 'fuse=mean', 901, 0.5, 4),
        finished('b', 'fuse=mean', 902, 0.9, 4),
      ],
    ];
    const [best, base] = summariseTrials(runs, trials, [4]);
    assert.deepEqual([best.trial, base.trial], ['fuse=mean', 'as it is']);
    assert.isNull(base.gain);
    assert.closeTo(best.gain!.mean, (0.25 - 0.1) / 2, 1e-12, 'family b of seed 902 has no partner');
    assert.deepEqual([best.gain!.count, best.gain!.above, best.gain!.below], [2, 1, 1]);
    assert.lengthOf(summariseTrials(runs, trials, [4]), 2, 'what has not run has no row');
  });

  test('trials are settings of the method, and seeds that are reported are refused', async () => {
    const rows = trialRows('lr.adapter=3e-4 & lr.prompt=3e-4; loss.alpha=0.1,0.1;', {});
    assert.deepEqual(
      rows.map(({ name, settings }) => [name, settings]),
      [
        ['as it is', {}],
        ['lr.adapter=3e-4 & lr.prompt=3e-4', { 'lr.adapter': '3e-4', 'lr.prompt': '3e-4' }],
        ['loss.alpha=0.1,0.1', { 'loss.alpha': '0.1,0.1' }],
      ],
    );
    assert.isAbove(trialRows(USUAL_TRIALS, {}).length, 12);
    for (const wrong of ['epochs', 'epoch=3', 'epochs=many', 'epochs=3;epochs=3']) {
      await expectFailure('usage', [/./], () => trialRows(wrong, {}));
    }
    const request = { model: '', out: '', seeds: [901, 3], families: [], shots: [4], methods: [], valid: 4, test: 4 };
    await expectFailure('usage', [/^Seeds 3 are reported/], () =>
      developGap({} as TrainContext, { ...request, settings: {} }, 'epochs=3'),
    );
  });
});
