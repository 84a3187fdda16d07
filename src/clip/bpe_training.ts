import { BYTE_SYMBOLS, byteSymbols, mergeAll } from './byte_pairs.ts';
import { splitWords } from './tokenizer.ts';

/** Ids that every vocabulary needs besides its merges: all bytes, all bytes that end a word, start and end of text. */
export const LEAST_VOCABULARY = BYTE_SYMBOLS + 2;

/**
 * Learns byte pairs from texts: again and again the pair of neighbouring symbols that occurs most often becomes a symbol;
 * of equally frequent ones the first in code-unit order. Ends before `most` merges when every word is one symbol.
 *
 * @param texts each counts as often as it is given
 * @returns merges as the lines of a merges file, earliest first
 */
export function learnMerges(texts: Iterable<string>, most: number): string[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of splitWords(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const words = Array.from(counts, ([word, count]) => ({ symbols: byteSymbols(word), count }));
  const merges: string[] = [];
  while (merges.length < most) {
    const pairs = new Map<string, number>();
    for (const { symbols, count } of words) {
      for (let i = 1; i < symbols.length; i++) {
        const pair = `${symbols[i - 1]} ${symbols[i]}`;
        pairs.set(pair, (pairs.get(pair) ?? 0) + count);
      }
    }
    let best = '';
    let frequency = 0;
    for (const [pair, count] of pairs) {
      if (count > frequency || (count === frequency && pair < best)) [best, frequency] = [pair, count];
    }
    if (frequency === 0) break;
    merges.push(best);
    for (const { symbols } of words) mergeAll(symbols, best);
  }
  return merges;
}
