import { assert } from 'chai';
import { baselineCases } from '../golden/cases/baselines.ts';
import { suite, type TestContext, test } from '../harness/registry.ts';

/** Numbers of tensors that the reference records at least, by topic. */
const TOPICS = { clip: 16, april: 40, 'mvfa.seg': 60, 'mvfa.det': 30, winclip: 54 };

suite('the comparison methods match the reference', () => {
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
    // One for Chrome's compiler of shaders; `npm run golden` runs all of them in any runtime.
    test(`${topic}, in every tensor that it records`, run, [topic === 'april' ? 'chrome' : 'deno']);
  }
});
