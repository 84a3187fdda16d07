import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import { unescapeHtml } from '../../src/clip/character_references.ts';
import {
  chooseTemplates,
  promptSentences,
  TEMPLATES,
  WINCLIP_STATES,
  WINCLIP_TEMPLATES,
} from '../../src/clip/sentences.ts';
import { cleanText, Tokenizer } from '../../src/clip/tokenizer.ts';
import { tokenizerCases } from '../golden/cases/tokenizer.ts';
import { suite, test } from '../harness/registry.ts';

const VERSION = '"a vocabulary#version: 0.2\n';

suite('tokenizer', () => {
  test('agrees with every golden string and sentence', async (t) => {
    const failed: string[] = [];
    let count = 0;
    for await (const { name, ratio } of tokenizerCases((file) => t.fixture(`golden/seed1/${file}`))) {
      count++;
      if (ratio > 1) failed.push(name);
    }
    assert.deepEqual(failed, []);
    assert.isAbove(count, 250);
  });

  test("agrees with OpenAI's and Hugging Face's published ids", async (t) => {
    const vectors = JSON.parse(new TextDecoder().decode(await t.fixture('vectors/tokenizer_ids.json')));
    const tokenizer = await Tokenizer.openai();
    for (const { text, ids } of vectors.transformers_js.cases) {
      assert.deepEqual(tokenizer.sentence(text, 1000), ids, JSON.stringify(text));
    }
    for (const { text, ids } of vectors.modelzoo.cases) assert.deepEqual(tokenizer.tokenize(text), ids, text);
  });

  test('numbers 49408 symbols, with start and end last', async () => {
    const tokenizer = await Tokenizer.openai();
    assert.deepEqual([tokenizer.size, tokenizer.start, tokenizer.end, tokenizer.context], [49408, 49406, 49407, 77]);
    assert.strictEqual(await Tokenizer.openai(), tokenizer, 'loaded once');
  });

  test('cuts a long text and ends it all the same', async () => {
    const tokenizer = await Tokenizer.openai();
    const long = 'liver '.repeat(200);
    assert.deepEqual(tokenizer.tokenize(long, 5), [49406, 12639, 12639, 12639, 49407]);
    assert.deepEqual(tokenizer.tokenize('Liver', 5), [49406, 12639, 49407, 0, 0]);
    assert.deepEqual(tokenizer.sentence('', 5), [49406, 49407]);
    assert.lengthOf(tokenizer.tokenize(long), 77);
  });

  test('finds where the object starts, and refuses to split a word', async () => {
    const tokenizer = await Tokenizer.openai();
    assert.equal(tokenizer.splitAtObject('a photo of a damaged Chest X-ray film.', 'Chest X-ray film'), 6);
    assert.equal(tokenizer.splitAtObject('Liver', 'Liver'), 1);
    assert.equal(tokenizer.splitAtObject('the pre-Liver', 'Liver'), 4);
    for (const [sentence, object] of [
      ['a photo of a cat', 'dog'],
      ['undamaged', 'damaged'],
      ['a photo', ' '],
    ]) {
      assert.throws(() => tokenizer.splitAtObject(sentence, object), FusionclipError);
    }
  });

  test('reads a small Hugging Face vocabulary in both of its forms', () => {
    const vocab = JSON.stringify({ a: 0, b: 1, 'b</w>': 2, 'ab</w>': 3, '<|startoftext|>': 4, '<|endoftext|>': 5 });
    const config = JSON.stringify({ model_max_length: 12 });
    const pair = Tokenizer.fromHuggingFace({ vocab, merges: '#version: 0.2\na b</w>\n', config });
    const tokenizer = JSON.stringify({
      model: { vocab: JSON.parse(vocab), merges: [['a', 'b</w>']] },
      added_tokens: [],
    });
    for (const tiny of [pair, Tokenizer.fromHuggingFace({ tokenizer, config })]) {
      assert.deepEqual([tiny.size, tiny.start, tiny.end, tiny.context], [6, 4, 5, 12]);
      assert.deepEqual(tiny.encode('AB bab'), [3, 1, 3]);
      // A symbol the vocabulary lacks becomes the end token, which is Hugging Face's "unknown" for CLIP.
      assert.deepEqual(tiny.encode('az'), [0, 5]);
    }
    assert.equal(Tokenizer.fromHuggingFace({ vocab, merges: '' }).context, 77);
  });

  test('refuses broken vocabularies', async () => {
    const good = { '<|startoftext|>': 0, '<|endoftext|>': 1 };
    const bad: (() => unknown)[] = [
      () => Tokenizer.fromMerges(`${VERSION}a b c\n`),
      () => Tokenizer.fromMerges(`${VERSION}a\n`),
      () => Tokenizer.fromHuggingFace({}),
      () => Tokenizer.fromHuggingFace({ vocab: '{', merges: '' }),
      () => Tokenizer.fromHuggingFace({ vocab: '{"a":"0"}', merges: '' }),
      () => Tokenizer.fromHuggingFace({ vocab: '{"a":0}', merges: '' }),
      () => Tokenizer.fromHuggingFace({ vocab: JSON.stringify(good), merges: 'a\n' }),
      () => Tokenizer.fromHuggingFace({ tokenizer: '{"model":{}}' }),
      () => Tokenizer.fromHuggingFace({ tokenizer: JSON.stringify({ model: { vocab: good } }) }),
    ];
    for (const attempt of bad) assert.throws(attempt, FusionclipError);
    const error = await Tokenizer.fromGzip(new Uint8Array([31, 139, 8, 0])).catch((e) => e);
    assert.instanceOf(error, FusionclipError);
    assert.equal(error.code, 'bad_model');
  });

  test('decodes character references as Python does', () => {
    const cases = {
      '&amp;lt; &LT;&gt &quot;': '&lt; <> "',
      '&notit; &notin; &copyright': '¬it; ∉ ©right',
      '&eacute;&Eacute&yuml;': 'éÉÿ',
      '&#65;&#x41;&#X41 &#0;&#x80;&#xD800;&#1114112;': 'AAA \ufffd€\ufffd\ufffd',
      '&#1;&#xfffe;&#13;|': '\r|',
      '& && &; &nope; &#; &#x; &hellip;&hellip': '& && &; &nope; &#; &#x; …&hellip',
      '&apos;&alpha;&rang;': "'α⟩",
      '&nvltrie;&nvltrie &CounterClockwiseContourIntegral; &constructor; &toString':
        '⊴⃒&nvltrie ∳ &constructor; &toString',
    };
    for (const [text, expected] of Object.entries(cases)) assert.equal(unescapeHtml(text), expected, text);
  });

  test('cleans what the original strips', () => {
    assert.equal(cleanText('\u001c\u0085 A\u00a0\u2003b\u001f\n'), 'a b');
    assert.equal(cleanText('\ufeffa'), '\ufeffa', 'a byte order mark is no white space to Python');
  });
});

suite('sentences', () => {
  test('makes 12 sentences by default, state by state', () => {
    const { normal, abnormal } = promptSentences('retinal OCT');
    assert.lengthOf(normal, 7);
    assert.deepEqual(abnormal.slice(0, 3), [
      'a photo of a damaged retinal OCT.',
      'a photo of a broken retinal OCT.',
      'a photo of a retinal OCT with flaw.',
    ]);
    const all = promptSentences('Brain', TEMPLATES);
    assert.deepEqual([all.normal.length, all.abnormal.length], [245, 175]);
    assert.equal(all.normal[35], 'a bad photo of a flawless Brain.');
    const winclip = promptSentences('Brain', WINCLIP_TEMPLATES, WINCLIP_STATES);
    assert.deepEqual([winclip.normal.length, winclip.abnormal.length], [154, 88]);
  });

  test('takes an object literally and refuses what makes no sentence', () => {
    assert.equal(promptSentences('$& {}').normal[1], 'a photo of a flawless $& {}.');
    assert.throws(() => promptSentences(' '), FusionclipError, /object/);
    assert.throws(() => promptSentences('Brain', ['a photo.']), FusionclipError, /\{\}/);
  });

  test('takes as many merges of a list as the published vocabulary has', () => {
    const merges = Array.from({ length: 48_900 }, (_, i) => `m${i} e${i}`);
    // 256 bytes, inside and at the end of a word, and the two specials.
    assert.equal(Tokenizer.fromMerges(`#version: 0.2\n${merges.join('\n')}\n`).size, 49_408);
  });

  test('chooses templates reproducibly', () => {
    const random = (index: number) => Math.imul(index + 1, 0x9e3779b1) >>> 0;
    assert.lengthOf(chooseTemplates('one', random), 1);
    assert.lengthOf(chooseTemplates('all', random), 35);
    assert.deepEqual(chooseTemplates('sample:35', random), chooseTemplates('all', random));
    assert.lengthOf(chooseTemplates('winclip', random), 22);
    for (const m of [1, 4, 34, 35]) {
      const chosen = chooseTemplates(`sample:${m}`, random);
      assert.lengthOf(new Set(chosen), m);
      assert.deepEqual(chosen, chooseTemplates(`sample:${m}`, random));
      assert.deepEqual(
        chosen,
        TEMPLATES.filter((template) => chosen.includes(template)),
      );
    }
    assert.deepEqual(
      chooseTemplates('sample:35', () => 0xffffffff),
      TEMPLATES,
    );
    for (const choice of ['', 'two', 'sample:0', 'sample:36', 'sample:-1', 'sample:1.5', 'sample:']) {
      assert.throws(() => chooseTemplates(choice, random), FusionclipError, /templates/);
    }
  });
});
