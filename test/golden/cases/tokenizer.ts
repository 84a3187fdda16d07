import { fnv1a32 } from '../../../src/base/rule.ts';
import { promptSentences, TEMPLATES, WINCLIP_STATES, WINCLIP_TEMPLATES } from '../../../src/clip/sentences.ts';
import { cleanText, Tokenizer } from '../../../src/clip/tokenizer.ts';

interface Golden {
  strings: { text: string; clean: string; ids: number[]; tokens77: number[] }[];
  april_gan_420: { sets: Record<string, SentenceSet> };
  winclip_brain: Record<string, unknown>;
}

interface SentenceSet {
  object: string;
  normal: number;
  abnormal: number;
  fnv1a32: number[];
  lengths: number[];
  object_index: number[];
}

/**
 * Compares cleaning, ids, padded ids, the 420 sentences of every data set and WinCLIP's sentences with the golden file
 * of one seed's folder. Everything here is exact, so a ratio is 0 (equal) or Infinity.
 */
export async function* tokenizerCases(
  read: (file: string) => Promise<Uint8Array>,
): AsyncGenerator<{ name: string; ratio: number }> {
  const golden: Golden = JSON.parse(new TextDecoder().decode(await read('tokenizer.json')));
  const tokenizer = await Tokenizer.openai();
  const same = (name: string, actual: unknown, expected: unknown) => ({
    name,
    ratio: JSON.stringify(actual) === JSON.stringify(expected) ? 0 : Number.POSITIVE_INFINITY,
  });

  for (const { text, clean, ids, tokens77 } of golden.strings) {
    const label = JSON.stringify(text.slice(0, 30));
    yield same(`clean ${label}`, cleanText(text), clean);
    yield same(`ids ${label}`, tokenizer.encode(text), ids);
    yield same(`tokens77 ${label}`, tokenizer.tokenize(text), tokens77);
  }

  for (const [set, expected] of Object.entries(golden.april_gan_420.sets)) {
    const { normal, abnormal } = promptSentences(expected.object, TEMPLATES);
    yield same(`${set}: number of sentences`, [normal.length, abnormal.length], [expected.normal, expected.abnormal]);
    const all = [...normal, ...abnormal];
    const ids = all.map((sentence) => tokenizer.sentence(sentence));
    yield same(
      `${set}: lengths`,
      ids.map((row) => row.length),
      expected.lengths,
    );
    yield same(`${set}: hashes`, ids.map(hashIds), expected.fnv1a32);
    const split = all.map((sentence) => tokenizer.splitAtObject(sentence, expected.object));
    yield same(`${set}: object index`, split, expected.object_index);
  }

  const { normal, abnormal } = promptSentences('Brain', WINCLIP_TEMPLATES, WINCLIP_STATES);
  yield same('winclip: sentences', [...normal, ...abnormal], golden.winclip_brain.sentences);
}

/** FNV-1a over the ids as 16-bit numbers, in the byte order of every WebGPU host: little-endian. */
function hashIds(ids: readonly number[]): number {
  return fnv1a32(new Uint8Array(new Uint16Array(ids).buffer));
}
