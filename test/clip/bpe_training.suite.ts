import { assert } from 'chai';
import { LEAST_VOCABULARY, learnMerges } from '../../src/clip/bpe_training.ts';
import { tokenizerOfMerges } from '../../src/clip/write_model.ts';
import { suite, test } from '../harness/registry.ts';

suite('learning byte pairs', () => {
  test('the pair that occurs most is merged first, and merges build on merges', () => {
    // hug 10 times, pug 5, pun 12, bun 4, hugs 5: the example from which byte pairs are usually explained.
    const texts = Object.entries({ hug: 10, pug: 5, pun: 12, bun: 4, hugs: 5 }).flatMap(([word, count]) =>
      new Array<string>(count).fill(word),
    );
    // u followed by a final n 16 times, by a final g 15 times, p followed by u 17 times, h by u 15 times.
    assert.deepEqual(learnMerges(texts, 3), ['p u', 'h u', 'pu n</w>']);
  });

  test('of equally frequent pairs the first in code-unit order is merged, whatever the order of the texts', () => {
    assert.deepEqual(learnMerges(['zy', 'ab'], 2), ['a b</w>', 'z y</w>']);
    assert.deepEqual(learnMerges(['ab', 'zy'], 2), ['a b</w>', 'z y</w>']);
  });

  test('it ends when every word is one symbol', () => {
    const merges = learnMerges(['A lesion, a lesion.', 'lesion'], 1000);
    const tokenizer = tokenizerOfMerges(merges, 16);
    assert.equal(tokenizer.size, LEAST_VOCABULARY + merges.length);
    assert.deepEqual([tokenizer.start, tokenizer.end], [tokenizer.size - 2, tokenizer.size - 1]);
    assert.lengthOf(tokenizer.encode('Lesion lesion , .'), 4);
  });

  test('every text can be encoded, seen before or not, and different texts differ', () => {
    const tokenizer = tokenizerOfMerges(learnMerges(['a photo of a brain'], 20), 77);
    const texts = ['a photo of a brain', 'a phono of a brain', 'Œdème 脳', 'Œdème 腦', ''];
    const ids = texts.map((text) => tokenizer.encode(text));
    assert.isTrue(ids.flat().every((id) => id < tokenizer.start));
    assert.equal(new Set(ids.map(String)).size, texts.length);
  });
});
