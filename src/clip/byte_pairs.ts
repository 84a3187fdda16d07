import { FusionclipError } from '../base/errors.ts';

/** Marks a symbol that ends a word. */
export const WORD_END = '</w>';

/** A vocabulary of byte-pair symbols: every symbol's id, and the merges with the earliest learned first. */
export interface BytePairVocabulary {
  readonly ids: ReadonlyMap<string, number>;
  /** Rank of the merge of two symbols, keyed by `left right`. */
  readonly ranks: ReadonlyMap<string, number>;
  /** The id of a symbol that is not in `ids`; only vocabularies smaller than a byte alphabet need it. */
  readonly unknown: number;
}

/**
 * One printable character per byte, in the order in which CLIP numbers them: the printable bytes of Latin-1 stand for
 * themselves and come first, the 68 others follow as U+0100, U+0101, ...
 */
const printable = Array.from({ length: 256 }, (_, byte) => byte).filter(
  (byte) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173),
);
const others = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !printable.includes(byte));
const alphabet = [...printable, ...others].map((byte, i) =>
  String.fromCharCode(i < printable.length ? byte : 256 + i - printable.length),
);
/** Symbols of a vocabulary without merges: every byte, and every byte that ends a word. */
export const BYTE_SYMBOLS = 2 * alphabet.length;
const characterOf = new Map([...printable, ...others].map((byte, i) => [byte, alphabet[i]]));

/**
 * Numbers the symbols as OpenAI does: bytes, bytes that end a word, one symbol per merge, then the special ones.
 *
 * @param merges lines of two symbols separated by a space, earliest first
 * @throws FusionclipError `bad_model` when a line is not a pair
 */
export function numberSymbols(merges: readonly string[], specials: readonly string[]): Map<string, number> {
  const symbols = [...alphabet, ...alphabet.map((c) => c + WORD_END)];
  for (const merge of merges) symbols.push(checkedPair(merge).replace(' ', ''));
  return new Map([...symbols, ...specials].map((symbol, id) => [symbol, id]));
}

/** Ranks merges by their place in the list. Throws `FusionclipError('bad_model')` when a line is not a pair. */
export function rankMerges(merges: readonly string[]): Map<string, number> {
  return new Map(merges.map((merge, rank) => [checkedPair(merge), rank]));
}

function checkedPair(merge: string): string {
  if (!/^\S+ \S+$/.test(merge)) {
    throw new FusionclipError(
      'bad_model',
      `The merges file of the vocabulary has the line ${JSON.stringify(merge.slice(0, 80))}, which is no pair of symbols; download it again.`,
    );
  }
  return merge;
}

/** The symbols of one word (no white space inside) before any merge: one per UTF-8 byte, the last with its end mark. */
export function byteSymbols(word: string): string[] {
  const parts = Array.from(new TextEncoder().encode(word), (byte) => characterOf.get(byte)!);
  parts[parts.length - 1] += WORD_END;
  return parts;
}

/** Ids of one word (no white space inside): its UTF-8 bytes, merged pair by pair, the earliest learned pair first. */
export function encodeWord(word: string, vocabulary: BytePairVocabulary): number[] {
  const parts = byteSymbols(word);
  for (;;) {
    let best = Number.POSITIVE_INFINITY;
    let pair = '';
    for (let i = 1; i < parts.length; i++) {
      const candidate = `${parts[i - 1]} ${parts[i]}`;
      const rank = vocabulary.ranks.get(candidate);
      if (rank !== undefined && rank < best) {
        best = rank;
        pair = candidate;
      }
    }
    if (pair === '') return parts.map((symbol) => vocabulary.ids.get(symbol) ?? vocabulary.unknown);
    mergeAll(parts, pair);
  }
}

/** Joins every occurrence of `pair` (two symbols and a space between) in place, left to right. */
export function mergeAll(parts: string[], pair: string): void {
  let kept = 0;
  for (let i = 0; i < parts.length; i++) {
    if (i + 1 < parts.length && `${parts[i]} ${parts[i + 1]}` === pair) {
      parts[kept++] = parts[i] + parts[i + 1];
      i++;
    } else {
      parts[kept++] = parts[i];
    }
  }
  parts.length = kept;
}
