import { assert } from 'chai';
import { csvCells } from '../../src/base/csv.ts';
import { planGrid } from '../../src/shards/grid.ts';
import { mergePlan } from '../../src/shards/merged_files.ts';
import { GridRunner } from '../../src/shards/run_grid.ts';
import { chosenShards, workShards } from '../../src/shards/work.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { ruleSet } from '../train/rule_set.ts';
import { contextOf, SMALL, textOf } from '../train/small_run.ts';

suiteInTurn('a grid', () => {
  test('is done in parts with the results of its runs, and a finished run without its part is not done again', async (t) => {
    const fs = ruleSet();
    const context = contextOf(await t.gpu(), fs);
    const request = {
      ...{ data: ['/Brain_AD'], model: 'generated:T:1', medclip: null, out: '/plan', root: null },
      ...{ methods: ['winclip', 'clip-text'], shots: [2], seeds: [0, 1], settings: { size: SMALL.size } },
    };
    const plan = await planGrid(fs, request);
    // Nothing is drawn in these, so one run stands for all seeds.
    assert.include(plan.facts, { plan: 'grid', shards: 2 });
    const work = { fs, runtime: 'test' };
    for (const part of ['2/2', '1/2']) {
      const runner = new GridRunner(context, plan);
      const { failed, done } = await workShards(work, plan, await chosenShards(plan, part), runner);
      runner.release();
      assert.deepEqual([failed, done], [[], 1]);
    }
    await mergePlan(fs, plan);
    const results = textOf(fs, '/plan/merged/results.csv');
    const [head, ...rows] = csvCells(results);
    assert.deepEqual(head.slice(0, 5), ['run', 'settings', 'sha256', 'set', 'method']);
    for (const row of rows) {
      const { selected } = JSON.parse(textOf(fs, `/plan/runs/${row[0]}/results.json`));
      assert.equal(row[head.indexOf('imageAuroc')], String(selected.image.auroc));
      assert.equal(row[head.indexOf('aupro')], String(selected.pixel.aupro));
    }
    assert.isFalse([...fs.files.keys()].some((path) => path.includes('.making')));
    for (const path of [...fs.files.keys()]) if (path.startsWith('/plan/parts/')) fs.files.delete(path);
    const before = context.fs.reads.length;
    const runner = new GridRunner(context, plan);
    await workShards(work, plan, plan.shards(), runner);
    runner.release();
    assert.notInclude(context.fs.reads.slice(before).join(), '.png');
    await mergePlan(fs, plan);
    assert.equal(textOf(fs, '/plan/merged/results.csv'), results);
  });
});
