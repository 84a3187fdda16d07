import { assert } from 'chai';
import { baselineCases } from '../golden/cases/baselines.ts';
import { suite, test } from '../harness/registry.ts';

suite('the comparison methods match the reference', () => {
  for (const [topic, least] of Object.entries({ clip: 16, april: 40, 'mvfa.seg': 60, 'mvfa.det': 30, winclip: 54 })) {
    test(`${topic}, in every tensor that it records`, async (t) => {
      const gpu = await t.gpu();
      let count = 0;
      for await (const { name, ratio } of baselineCases((file) => t.fixture(`golden/seed1/${file}`), gpu, topic)) {
        assert.isAtMost(ratio, 1, name);
        count++;
      }
      assert.isAtLeast(count, least);
    });
  }
});
