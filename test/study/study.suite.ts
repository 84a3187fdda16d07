import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import { rulePicture } from '../../src/data/picture.ts';
import { type Cell, formatRows, nameZeroShot, runGrid, spreadOf, summarise } from '../../src/study/index.ts';
import { cellPath } from '../../src/study/study_run.ts';
import { suite, test } from '../harness/registry.ts';
import { contextOf, ruleSet, SMALL, tinyBackbone } from '../train/small_run.ts';
import { madeResults } from './made_results.ts';

async function cells(seeds: readonly number[], data = '/Brain_AD'): Promise<Cell[]> {
  const model = await tinyBackbone();
  return seeds.map((seed) => ({ set: 'Brain', method: 'plain', seed, data, model, settings: SMALL }));
}

suite('studies', () => {
  test('seeds are put together as mean and sample deviation', () => {
    assert.deepEqual(spreadOf([1, 2, 3]), { mean: 2, std: 1, count: 3 });
    assert.deepEqual(spreadOf([5]), { mean: 5, std: 0, count: 1 });
    const cell = (set: string, seed: number) => ({ set, method: 'm', seed }) as Cell;
    const rows = summarise([
      { cell: cell('A', 1), results: madeResults(0.5, 0.8) },
      { cell: cell('B', 1), results: madeResults(0.7, null) },
      { cell: cell('A', 2), results: madeResults(0.7, 0.6) },
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

  test('a cell that is finished is not run again, and one that fails does not stop the rest', async (t) => {
    const context = contextOf(await t.gpu(), ruleSet());
    const wrong: Cell = { ...(await cells([9]))[0], data: '/nowhere' };
    const [first, second] = await cells([1, 2]);
    const outcome = await runGrid(context, [first, wrong, second], '/study');
    assert.deepEqual(
      outcome.finished.map(({ cell }) => cell.seed),
      [1, 2],
    );
    assert.lengthOf(outcome.failed, 1);
    assert.include(outcome.failed[0].reason, '/nowhere');
    const marker = `/study/${cellPath(first)}/results.json`;
    const changed = JSON.parse(new TextDecoder().decode(context.fs.files.get(marker)));
    changed.selected.image.auroc = 0.125;
    await context.fs.writeFile(marker, JSON.stringify(changed));
    const again = await runGrid(context, [first, second], '/study');
    assert.equal(again.finished[0].results.selected.image.auroc, 0.125, 'read, not run again');
    const other: Cell = { ...first, settings: { ...SMALL, epochs: '2' } };
    const [rerun] = (await runGrid(context, [other], '/study')).finished;
    assert.notEqual(rerun.results.selected.image.auroc, 0.125, 'other settings: run again');
  });

  test('an interrupted grid stops at once and goes on later', async (t) => {
    const control = new AbortController();
    const context = contextOf(await t.gpu(), ruleSet(), {
      signal: control.signal,
      onEvent: (event) => {
        if (event.type === 'note' && event.text.startsWith('1 of 2')) control.abort(new Error('stop'));
      },
    });
    const both = await cells([1, 2]);
    const first = await runGrid(context, both, '/study');
    assert.equal((first.stopped as Error).message, 'stop');
    assert.deepEqual(
      first.finished.map(({ cell }) => cell.seed),
      [1],
    );
    const { finished } = await runGrid({ ...context, signal: undefined }, both, '/study');
    assert.lengthOf(finished, 2);
    const notes = context.events.filter((event) => event.type === 'note').map(({ text }) => text);
    assert.lengthOf(
      notes.filter((text) => text.includes('seed 1')),
      1,
      'the first cell ran once',
    );
  });

  test('what is interrupted within a cell says how the grid goes on', async (t) => {
    const control = new AbortController();
    const context = contextOf(await t.gpu(), ruleSet(), {
      signal: control.signal,
      onEvent: (event) => {
        if (event.type === 'stage' && event.done === 0) control.abort(new FusionclipError('interrupted', 'Stopped.'));
      },
    });
    const both = await cells([1, 2]);
    const { stopped } = await runGrid(context, both, '/study');
    assert.equal(
      (stopped as Error).message,
      'Interrupted in Brain, plain, seed 1; finished runs are kept: the same command again goes on.',
    );
  });

  test('zero-shot naming counts the pictures whose own name is nearest', async (t) => {
    const gpu = await t.gpu();
    const pictures = Array.from({ length: 18 }, (_, i) => ({
      image: rulePicture(`naming.${i}`, 1, 56, 56, 3, 0).image,
      name: i % 3 === 0 ? 'liver' : 'brain',
    }));
    const found = await nameZeroShot(gpu, await tinyBackbone(), pictures, ['brain', 'liver', 'lung']);
    assert.equal(found.images, 18);
    const hits = 12 * found.byName.brain + 6 * found.byName.liver;
    assert.closeTo(found.accuracy, hits / 18, 1e-12);
    // With one name alone every picture gets it.
    const only = await nameZeroShot(gpu, await tinyBackbone(), pictures.slice(0, 1), ['liver']);
    assert.equal(only.accuracy, 1);
  });
});
