import { assert } from 'chai';
import { ruleStream, ruleU32, ruleUniform } from '../../src/base/rule.ts';
import { rulePicture } from '../../src/data/picture.ts';
import { ruleCases } from '../golden/cases/rule.ts';
import { suite, test } from '../harness/registry.ts';

suite('generation rule', () => {
  test('matches the golden vectors to the bit', async (t) => {
    for await (const { name, ratio } of ruleCases((file) => t.fixture(`golden/seed1/${file}`))) {
      assert.isAtMost(ratio, 1, name);
    }
  });

  test('a stretch of the stream is the same as that part of the whole', () => {
    const whole = ruleUniform('w', 9, [10, 10], 1, 0.5);
    assert.deepEqual(ruleUniform('w', 9, 17, 1, 0.5, 30), whole.slice(30, 47));
    const stream = ruleStream('w', 9);
    for (const i of [0, 5, 2 ** 31]) assert.equal(stream(i), ruleU32('w', 9, i));
  });

  test('a scalar has one element and amplitude 0 gives the offset', () => {
    assert.deepEqual(Array.from(ruleUniform('logit_scale', 1, [], 2, 0)), [2]);
  });

  test('pictures without lesions have an empty mask', () => {
    assert.isTrue(rulePicture('p', 1, 30, 20, 1, 0).mask.data.every((v) => v === 0));
  });
});
