import { assert } from 'chai';
import { suite, test } from '../harness/registry.ts';
import { contextOf, ruleSet, smallRun } from './small_run.ts';

suite('training', () => {
  for (const kind of ['pixel', 'image'] as const) {
    test(`a whole run on a ${kind}-level set`, async (t) => {
      const fs = ruleSet(kind);
      const context = contextOf(await t.gpu(), fs);
      const { results } = await smallRun(context, { 'map.files': 'npy' });
      assert.equal(results.kind, kind);
    });
  }
});
