import { assert } from 'chai';
import { wholeSentence } from '../../src/fusion/prompts.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { suite, test } from '../harness/registry.ts';

suite('sentences of prompts', () => {
  const tokenizer = {
    encode: (text: string) => text.split(' ').map((_, i) => i + 1),
    sentence: (text: string) => [0, ...text.split(' ').map((_, i) => i + 1), 99],
  };

  test('that fit are whole', () => {
    assert.deepEqual(wholeSentence(tokenizer, 'a damaged knee', 5), [0, 1, 2, 3, 99]);
  });

  test('that are longer than the context are refused: their end tells normal from abnormal', async () => {
    await expectFailure('usage', [/"a knee with damage" has 6 tokens, .* room for 5; .*--prompt\.object/], () =>
      wholeSentence(tokenizer, 'a knee with damage', 5),
    );
  });
});
