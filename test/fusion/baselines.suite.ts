import { assert } from 'chai';
import { baselineCases } from '../golden/cases/baselines.ts';
import { suiteInTurn, type TestContext, test } from '../harness/registry.ts';

/** Numbers of tensors that the reference records at least, by topic. */
const TOPICS = { clip: 16, april: 40, 'mvfa.seg': 60, 'mvfa.det': 30, winclip: 54 };

suiteInTurn('the comparison methods match the reference', () => {
  for (const [topic, least] of Object.entries(TOPICS)) {
    const run = async (t: TestContext) => {
      const gpu = await t.gpu();
      let count = 0;
      for await (const { name, ratio } of baselineCases((file) => t.fixture(`golden/seed1/${file}`), gpu, topic)) {
        assert.isAtMost(ratio, 1, name);
        count++;
      }
      assert.isAtLeast(count, least);
    };
    // One runtime for each compiler of shaders: they take a minute, and Node's engine is that of Chrome.
    test(`${topic}, in every tensor that it records`, run, ['deno', 'chrome']);
  }
});
