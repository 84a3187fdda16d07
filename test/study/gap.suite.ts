import { assert } from 'chai';
import { summariseGap } from '../../src/study/gap/summary.ts';
import type { FinishedStudyRun, StudyRun } from '../../src/study/study_run.ts';
import { suite, test } from '../harness/registry.ts';
import { madeResults } from './made_results.ts';

function run(set: string, method: string, seed: number, auroc: number, shots?: number): FinishedStudyRun {
  return { run: { set, method, seed, shots } as StudyRun, results: madeResults(auroc, null) };
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
