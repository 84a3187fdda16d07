import { assert } from 'chai';
import { gaussianTensor } from '../../src/fusion/initial.ts';
import { wholeSentence } from '../../src/fusion/prompts.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { assertClose } from '../harness/close.ts';
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

suite('first values of prompts', () => {
  test('are normal numbers of name and seed: Box and Muller over pairs of the stream', () => {
    // Worked out in Python from the definition of the stream.
    const want = [-0.0332552157377296, 0.002888007598636848, -0.013527163465257067, -0.008940896251931283];
    assertClose(gaussianTensor('prompt.normal', [2, 2], 7, 0.02), want, { relative: 1e-6 });
  });
});
