/** BERT's tokenizer: words are cut at white space and punctuation, then into the longest pieces that the vocabulary has. */
import { FusionclipError } from '../base/errors.ts';
import { STATES, TEMPLATES } from '../clip/sentences.ts';

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'] as const;

/** What starts a piece that goes on with a word. */
const INSIDE = '##';

/** Longer words are unknown as a whole. */
const MOST_CHARACTERS = 100;

const ASCII_PUNCTUATION = '!-/:-@\\[-`{-~';
const IDEOGRAPHS = '\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2ceaf}\u{2f800}-\u{2fa1f}';
const ALONE = new RegExp(`[${ASCII_PUNCTUATION}${IDEOGRAPHS}\\p{P}]`, 'gu');

/** Turns sentences into token ids. */
export class WordPiece {
  /** Number of ids. */
  readonly size: number;
  /** Longest sentence, start and end included. */
  readonly context: number;
  /** Id of the padding. */
  readonly pad: number;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #unknown: number;
  readonly #start: number;
  readonly #end: number;
  readonly #lowerCase: boolean;

  /**
   * @param vocabulary one piece for each id
   * @param lowerCase whether letters lose their case and their accents
   * @throws FusionclipError `bad_model` when the vocabulary lacks a special symbol
   */
  constructor(vocabulary: readonly string[], lowerCase = true, context = 77) {
    const ids = new Map(vocabulary.map((piece, id) => [piece, id]));
    const [pad, unknown, start, end] = SPECIAL.map((symbol) => {
      const id = ids.get(symbol);
      if (id === undefined) {
        throw new FusionclipError(
          'bad_model',
          `The vocabulary lacks ${symbol}: it is not that of a BERT; give its vocab.txt.`,
        );
      }
      return id;
    });
    this.size = vocabulary.length;
    this.context = context;
    this.pad = pad;
    this.#ids = ids;
    this.#unknown = unknown;
    this.#start = start;
    this.#end = end;
    this.#lowerCase = lowerCase;
  }

  /** From the text of `vocab.txt`: a piece a line. */
  static fromText(text: string, lowerCase = true, context = 77): WordPiece {
    const lines = text.split(/\r?\n/);
    while (lines.at(-1) === '') lines.pop();
    return new WordPiece(lines, lowerCase, context);
  }

  /** Ids of `text` without start and end; any length. */
  encode(text: string): number[] {
    return this.#words(text).flatMap((word) => this.#pieces(word));
  }

  /** Start, ids, end: at most `context` of them; what is too long loses its last ids. */
  sentence(text: string): number[] {
    return [this.#start, ...this.encode(text).slice(0, this.context - 2), this.#end];
  }

  #words(text: string): string[] {
    // Tabs and line ends are white space; other characters that show nothing are dropped.
    let clean = text.replace(/[\t\n\r]/g, ' ').replace(/[\p{C}\ufffd]/gu, '');
    if (this.#lowerCase)
      clean = clean
        .normalize('NFD')
        .replace(/\p{Mn}/gu, '')
        .toLowerCase();
    return clean
      .replace(ALONE, ' $& ')
      .split(/\p{White_Space}+/u)
      .filter((word) => word !== '');
  }

  #pieces(word: string): number[] {
    const characters = [...word];
    if (characters.length > MOST_CHARACTERS) return [this.#unknown];
    const out: number[] = [];
    for (let start = 0; start < characters.length; ) {
      let end = characters.length;
      let id: number | undefined;
      for (; end > start; end--) {
        id = this.#ids.get((start > 0 ? INSIDE : '') + characters.slice(start, end).join(''));
        if (id !== undefined) break;
      }
      if (id === undefined) return [this.#unknown];
      out.push(id);
      start = end;
    }
    return out;
  }
}

/** A vocabulary for generated models: the words of the prompts and, to spell all others, printable characters. */
export function promptVocabulary(): string[] {
  const printable = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
  const words = [...TEMPLATES, ...STATES.normal, ...STATES.abnormal]
    .flatMap((sentence) => sentence.split(/[^a-z]+/))
    .filter((word) => word.length > 1);
  return [...new Set([...SPECIAL, '[MASK]', ...printable, ...printable.map((c) => INSIDE + c), ...words])];
}
