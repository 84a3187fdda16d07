/**
 * CLIP's tokenizer, text to ids, without a run-time dependency.
 *
 * `@huggingface/tokenizers` (configured without its NFC step) gives the same ids once the text is cleaned, but neither
 * decodes HTML references nor cuts and splits as needed here, and would be this package's only dependency.
 *
 * Not done: `ftfy`, which OpenAI's code runs first. It changes curly quotes, ligatures, full-width letters, control and
 * combining characters and mojibake; prompts of plain ASCII are never touched by it.
 */
import * as v from 'valibot';
import { FusionclipError } from '../base/errors.ts';
import { isObject, parseJson } from '../base/json.ts';
import { type BytePairVocabulary, encodeWord, numberSymbols, rankMerges } from './byte_pairs.ts';
import { unescapeHtml } from './character_references.ts';

/** The symbol that starts every sentence. */
export const START = '<|startoftext|>';
/** The symbol that ends every sentence. */
export const END = '<|endoftext|>';
const OPENAI_MERGES = 48_894;

// The text is lower case by then; the long s is there because the original pattern ignores case.
const WORDS = /<\|startoftext\|>|<\|endoftext\|>|'(?:[sſtmd]|re|ve|ll)|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+/gu;

/** The tokenizer files of a Hugging Face folder: either `tokenizer`, or `vocab` and `merges`. All are file contents. */
export interface HuggingFaceTokenizerFiles {
  /** tokenizer.json */
  readonly tokenizer?: string;
  /** vocab.json */
  readonly vocab?: string;
  /** merges.txt */
  readonly merges?: string;
  /** tokenizer_config.json, for `model_max_length` */
  readonly config?: string;
}

/** Decodes HTML references twice, trims, collapses white space and lower-cases, as the original does. */
export function cleanText(text: string): string {
  const plain = unescapeHtml(unescapeHtml(text)).replace(/\p{White_Space}+/gu, ' ');
  // Python's strip() takes the four information separators for white space, Unicode does not.
  let begin = 0;
  let end = plain.length;
  while (begin < end && isStripped(plain.charCodeAt(begin))) begin++;
  while (begin < end && isStripped(plain.charCodeAt(end - 1))) end--;
  return plain.slice(begin, end).toLowerCase();
}

/** The words of a text, cleaned: what is merged to tokens by itself. */
export function splitWords(text: string): string[] {
  return Array.from(cleanText(text).matchAll(WORDS), ([word]) => word);
}

function isStripped(code: number): boolean {
  return code === 32 || (code >= 28 && code <= 31);
}

/** Turns sentences into token ids. Make one with {@link Tokenizer.openai} or a `from...` function. */
export class Tokenizer {
  /** Number of ids. */
  readonly size: number;
  /** Id that starts every sentence (49406 in OpenAI's vocabulary). */
  readonly start: number;
  /** Id that ends every sentence (49407). */
  readonly end: number;
  /** Longest sentence the text tower takes, start and end included (77). */
  readonly context: number;
  private readonly vocabulary: BytePairVocabulary;
  private readonly words = new Map<string, readonly number[]>();

  /** For tests and loaders. Throws `FusionclipError('bad_model')` when the vocabulary lacks the two special symbols. */
  constructor(ids: ReadonlyMap<string, number>, ranks: ReadonlyMap<string, number>, context = 77) {
    const start = ids.get(START);
    const end = ids.get(END);
    if (start === undefined || end === undefined) {
      throw new FusionclipError(
        'bad_model',
        `The vocabulary lacks ${START} or ${END}: it is not that of a CLIP model.`,
      );
    }
    this.start = start;
    this.end = end;
    this.context = context;
    this.size = ids.size;
    this.vocabulary = { ids, ranks, unknown: end };
    this.words.set(START, [start]).set(END, [end]);
  }

  /** The vocabulary of OpenAI's models and nearly all others, which travels with the package. */
  static openai(): Promise<Tokenizer> {
    // Loaded on first use, so that a bundle keeps the 280 kB apart; kept for the life of the program.
    openaiTokenizer ??= import('./vocabulary.gen.ts').then(({ MERGES_GZIP_BASE64 }) =>
      Tokenizer.fromGzip(Uint8Array.from(atob(MERGES_GZIP_BASE64), (c) => c.charCodeAt(0))),
    );
    return openaiTokenizer;
  }

  /** From OpenAI's merges file: a first line with its version, then one merge per line, of which 48,894 count. */
  static fromMerges(text: string, context = 77): Tokenizer {
    const merges = mergeLines(text).slice(0, OPENAI_MERGES);
    return new Tokenizer(numberSymbols(merges, [START, END]), rankMerges(merges), context);
  }

  /** From the gzipped merges file (`bpe_simple_vocab_16e6.txt.gz`). Throws `FusionclipError('bad_model')`. */
  static async fromGzip(bytes: Uint8Array, context = 77): Promise<Tokenizer> {
    let text: string;
    try {
      const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('gzip'));
      text = await new Response(stream).text();
    } catch (cause) {
      const message = 'The vocabulary cannot be unpacked: it is not a whole gzip file; download it again.';
      throw new FusionclipError('bad_model', message, { cause });
    }
    return Tokenizer.fromMerges(text, context);
  }

  /**
   * From the files of a Hugging Face model, which give ids, the number of them and the context length. The text is still
   * cleaned the original way, so accents composed of two characters differ from Hugging Face's fast tokenizer.
   * @throws FusionclipError `bad_model` when a file is missing or is not what it should be
   */
  static fromHuggingFace(files: HuggingFaceTokenizerFiles): Tokenizer {
    let ids: Map<string, number>;
    let merges: string[];
    if (files.tokenizer !== undefined) {
      const { model, added_tokens } = readJson(TOKENIZER, files.tokenizer, 'tokenizer.json');
      ids = numberedEntries(model.vocab, 'tokenizer.json');
      merges = model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' ')));
      for (const { content, id } of added_tokens) ids.set(content, id);
    } else if (files.vocab !== undefined && files.merges !== undefined) {
      ids = numberedEntries(readJson(VOCABULARY, files.vocab, 'vocab.json'), 'vocab.json');
      merges = mergeLines(files.merges);
    } else {
      throw unreadable('The model folder', 'needs tokenizer.json, or vocab.json and merges.txt');
    }
    const config = files.config === undefined ? {} : readJson(TOKENIZER_CONFIG, files.config, 'tokenizer_config.json');
    const longest = config.model_max_length ?? 0;
    // Files that set no limit say 1e30.
    return new Tokenizer(ids, rankMerges(merges), longest >= 2 && longest <= 4096 ? longest : 77);
  }

  /** The same vocabulary for a text tower of another length. */
  withContext(context: number): Tokenizer {
    return new Tokenizer(this.vocabulary.ids, this.vocabulary.ranks, context);
  }

  /** Ids of `text` without start and end; any length. */
  encode(text: string): number[] {
    const out: number[] = [];
    for (const word of splitWords(text)) {
      let ids = this.words.get(word);
      if (!ids) {
        ids = encodeWord(word, this.vocabulary);
        this.words.set(word, ids);
      }
      for (const id of ids) out.push(id);
    }
    return out;
  }

  /** Start, ids, end: at most `context` of them. What is too long is cut, and its last id made the end (open_clip). */
  sentence(text: string, context = this.context): number[] {
    const ids = [this.start, ...this.encode(text).slice(0, context - 2), this.end];
    return ids;
  }

  /** {@link sentence} padded with 0 to exactly `context` ids. */
  tokenize(text: string, context = this.context): number[] {
    const ids = this.sentence(text, context);
    return [...ids, ...new Array<number>(context - ids.length).fill(0)];
  }

  /**
   * Position of the object's first token in the sentence, the start token being 0: where learnable vectors go.
   * @throws FusionclipError `usage` when the sentence lacks the object or glues it to the word before it
   */
  splitAtObject(sentence: string, object: string): number {
    const at = sentence.indexOf(object);
    if (at < 0 || object.trim() === '') {
      throw new FusionclipError('usage', `The prompt "${sentence}" does not contain the object "${object}".`);
    }
    const before = this.encode(sentence.slice(0, at));
    const whole = this.encode(sentence);
    if (before.some((id, i) => id !== whole[i])) {
      throw new FusionclipError(
        'usage',
        `In the prompt "${sentence}" the object "${object}" must start a word of its own.`,
      );
    }
    return 1 + before.length;
  }
}

let openaiTokenizer: Promise<Tokenizer> | undefined;

/** Lines of a merges file without its version line and empty ends. */
function mergeLines(text: string): string[] {
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  if (lines[0].includes('#version')) lines.shift();
  while (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Symbols and their ids; the symbols are whatever the file says, so no schema names them. */
const VOCABULARY = v.custom<Record<string, unknown>>(isObject, 'an object');
const TOKENIZER = v.object({
  model: v.object({ vocab: VOCABULARY, merges: v.array(v.union([v.string(), v.tuple([v.string(), v.string()])])) }),
  added_tokens: v.nullish(v.array(v.object({ content: v.string(), id: v.pipe(v.number(), v.safeInteger()) })), []),
});
const TOKENIZER_CONFIG = v.object({ model_max_length: v.nullish(v.number()) });

function readJson<S extends v.GenericSchema>(schema: S, text: string, file: string): v.InferOutput<S> {
  try {
    return parseJson(schema, text);
  } catch (cause) {
    throw unreadable(file, cause instanceof SyntaxError ? 'is not JSON' : (cause as Error).message);
  }
}

function numberedEntries(vocabulary: Record<string, unknown>, file: string): Map<string, number> {
  const entries = Object.entries(vocabulary);
  if (entries.length === 0 || entries.some(([, id]) => !Number.isSafeInteger(id) || (id as number) < 0)) {
    throw unreadable(file, 'has no vocabulary of symbols and ids');
  }
  return new Map(entries as [string, number][]);
}

function unreadable(file: string, what: string): FusionclipError {
  return new FusionclipError('bad_model', `${file} ${what}; download the model's tokenizer files again.`);
}
