import { assert } from 'chai';
import { csvCells } from '../../src/base/csv.ts';
import { FusionclipError } from '../../src/base/errors.ts';
import { predictImages } from '../../src/detect/predict.ts';
import { predictPaths } from '../../src/detect/predict_volumes.ts';
import { fusionOptions } from '../../src/fusion/index.ts';
import { isFinal, isOfInput } from '../../src/shards/again.ts';
import { type ArchiveRequest, planArchive, requireAlone } from '../../src/shards/archive.ts';
import { checkPlan } from '../../src/shards/check.ts';
import { mergePlan } from '../../src/shards/merged_files.ts';
import { ArchiveScorer } from '../../src/shards/score_archive.ts';
import { workShards } from '../../src/shards/work.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { suite, suiteInTurn, test } from '../harness/registry.ts';
import { ruleSet } from '../train/rule_set.ts';
import { contextOf, smallRun, textOf, tinyBackbone } from '../train/small_run.ts';
import { sliceFile } from '../volume/series_maker.ts';

suiteInTurn('an archive', () => {
  test('is scored as predict does it, with a row for what cannot be read, and again bit by bit', async (t) => {
    const fs = ruleSet();
    const context = contextOf(await t.gpu(), fs);
    const model = await tinyBackbone();
    await smallRun(context, { prompt: 'fixed', epochs: '1', 'eval.batch': '2' });
    for (const path of [...fs.files.keys()].filter((one) => /\/test\/good\//.test(one))) {
      fs.files.set(path.replace('/Brain_AD/test/good/img', '/archive/p'), fs.files.get(path)!);
    }
    fs.files.set('/archive/p/1x.png', fs.files.get('/archive/p/0.png')!.slice(0, 150));
    const request: ArchiveRequest = {
      ...{ sources: ['/archive'], columns: { path: null, patient: null }, group: null, root: '/archive' },
      ...{ out: '/plan', adapters: '/run', model, range: 'auto', size: { least: 3, most: 3 } },
    };
    const plan = await planArchive(fs, request);
    assert.include(plan.facts, { inputs: 5, plan: 'archive', sorted: true });
    const moved = [...fs.files].filter(([path]) => path.startsWith('/archive/'));
    for (const [path] of moved) fs.files.delete(path);
    const lost = new ArchiveScorer(context, plan, { model });
    const work = { fs, runtime: 'test' };
    const { failed } = await workShards(work, plan, plan.shards(), lost);
    lost.release();
    assert.deepEqual(
      failed.map(({ outcome }) => [outcome.final, outcome.reason.replace(/ \(.*/, '')]),
      [3, 2].map((count) => [false, `None of the ${count} inputs can be read`]),
    );
    for (const [path, bytes] of moved) fs.files.set(path.replace('/archive', '/mnt'), bytes);
    const scorer = new ArchiveScorer(context, plan, { model, root: '/mnt' });
    assert.equal((await workShards(work, plan, plan.shards(), scorer)).failed.length, 0);
    const { merged } = await mergePlan(fs, plan);
    assert.include(merged, { rows: 5, unread: 1 });
    const rows = csvCells(textOf(fs, '/plan/merged/results.csv')).slice(1);
    const alone = await predictImages(context, {
      adapters: '/run',
      model,
      paths: ['/mnt/p/0.png', '/mnt/p/1.png'],
      out: null,
    });
    assert.deepEqual(
      rows.slice(0, 2).map(([path, , , score]) => [path, score]),
      alone.images.map(({ id, score }) => [id.slice('/mnt/'.length), String(score)]),
    );
    assert.match(rows[2].at(-1)!, /p\/1x\.png/);
    const same = await checkPlan(fs, plan, scorer, 4);
    assert.isAtLeast(same.images, 4);
    assert.deepEqual(same, { ...same, largest: 0, decisions: [], changed: [] });
    // An image that was replaced is told apart from one that scores otherwise.
    fs.files.set('/mnt/p/0.png', fs.files.get('/mnt/p/1.png')!);
    const other = await checkPlan(fs, plan, scorer, 5);
    assert.deepEqual(other.changed, ['p/0.png']);
    scorer.release();

    await expectFailure('usage', [/^--root: no input lies below \/elsewhere/], () =>
      planArchive(fs, { ...request, sources: ['/mnt'], root: '/elsewhere', out: '/plan4' }),
    );
    assert.deepEqual(
      [...fs.files.keys()].filter((path) => path.startsWith('/plan4')),
      [],
    );

    // A series with a gap, taken by its plan as `predict` takes it.
    for (const z of [0, 2, 6]) fs.files.set(`/series/one/${z}.dcm`, sliceFile(z));
    const series = { ...request, sources: ['/series'], root: null };
    const scored = async (out: string, accept: string) => {
      const own = await planArchive(fs, { ...series, out, accept });
      const worker = new ArchiveScorer(context, own, { model });
      const done = await workShards(work, own, own.shards(), worker);
      worker.release();
      if (done.failed.length > 0) return done.failed[0].outcome.reason;
      await mergePlan(fs, own);
      return csvCells(textOf(fs, `${out}/merged/results.csv`))[1];
    };
    assert.match(String(await scored('/plan2', '')), /1 slice of 4 is missing/);
    const { volumes } = await predictPaths(context, {
      ...{ adapters: '/run', model, paths: ['/series'], out: null, accept: ['gaps'] },
    });
    assert.include(await scored('/plan3', 'gaps'), String(volumes[0].score));
  });
});

suite('failures of shards', () => {
  test('a method whose scores depend on the set is no method for an archive', () => {
    requireAlone(fusionOptions({ fuse: 'calib' }), 'run');
    assert.throws(() => requireAlone(fusionOptions({ fuse: 'mvfa' }), 'run'), /fuse mvfa/);
  });

  test('what the network or the disk did passes, what is wrong with an image or a model stays', () => {
    const failure = (code: FusionclipError['code'], text = '', cause?: unknown) =>
      new FusionclipError(code, text, { cause });
    for (const code of ['io', 'device_lost', 'no_adapter', 'gpu_error', 'killed'] as const)
      assert.isFalse(isFinal(failure(code)));
    for (const code of ['bad_data', 'bad_model', 'usage', 'not_finite'] as const) assert.isTrue(isFinal(failure(code)));
    assert.isFalse(isFinal(new Error('odd')));
    assert.isTrue(isOfInput(failure('bad_image')));
    assert.isTrue(isOfInput(failure('io', 'Cannot read', { code: 'ENOENT' })));
    assert.isTrue(isOfInput(failure('io', 'There is no x at h (status 404); check')));
    assert.isFalse(isOfInput(failure('io', 'Cannot read', { code: 'EIO' })));
    assert.isFalse(
      isOfInput(failure('io', 'The transfer of x breaks off again and again (h answers with status 503); the')),
    );
    for (const code of ['device_lost', 'gpu_error', 'no_adapter', 'bad_model', 'killed', 'interrupted'] as const)
      assert.isFalse(isOfInput(failure(code)), code);
  });
});
