import { FusionclipError } from '../../base/errors.ts';
import {
  type PromptSentences,
  promptSentences,
  STATES,
  type States,
  TEMPLATES,
  WINCLIP_STATES,
  WINCLIP_TEMPLATES,
} from '../../clip/sentences.ts';
import type { Tokenizer } from '../../clip/tokenizer.ts';
import type { Backbone } from '../../detect/backbone.ts';
import { PHANTOM_FAMILIES } from '../../phantom/index.ts';
import { chooseSettings } from '../../run/model_settings.ts';
import type { TrainContext } from '../../train/train_run.ts';
import type { StudyRow } from '../reproduction/rows.ts';
import { OWN } from './gap_rows.ts';

/** What a model can read at once. */
export interface TextRoom {
  readonly tokenizer: Pick<Tokenizer, 'encode'>;
  /** Tokens of a sentence, start and end among them. */
  readonly context: number;
  /** Learnable vectors, which stand in the sentence of one template (`prompt.nctx`). */
  readonly vectors: number;
}

/** Sentences that are said whole, of a healthy object and of one that is not. */
interface Sentences {
  readonly templates: readonly string[];
  readonly states: States;
}

/** The 420 that all methods but WinCLIP say. */
const MOST: Sentences = { templates: TEMPLATES, states: STATES };
/** WinCLIP's, some of which are longer. */
const WINCLIP: Sentences = { templates: WINCLIP_TEMPLATES, states: WINCLIP_STATES };

/**
 * The first of a family's names whose sentences a model can read as a whole, and whose plain ones leave room for learnable
 * vectors: the vocabulary of a small model spells long words letter by letter.
 * @throws FusionclipError `bad_model` when none fits
 */
export function nameThatFits(
  nouns: readonly string[],
  room: TextRoom,
  { templates, states }: Sentences = MOST,
): string {
  const { tokenizer, context, vectors } = room;
  const longest = ({ normal, abnormal }: PromptSentences) =>
    Math.max(...[...normal, ...abnormal].map((sentence) => tokenizer.encode(sentence).length + 2));
  const found = nouns.find(
    (noun) =>
      longest(promptSentences(noun, templates, states)) <= context &&
      longest(promptSentences(noun)) + vectors <= context,
  );
  if (found !== undefined) return found;
  throw new FusionclipError(
    'bad_model',
    `The model has room for ${context} tokens, too few for prompts that say ${nouns.map((noun) => `"${noun}"`).join(' or ')}; leave the family out (--families).`,
  );
}

/**
 * The rows of a study for one family: with a name of the family's that the model can read, where that is not the first one, and
 * none is given. One name goes for all methods, but WinCLIP gets the next one where its own sentences are too long with it. It is told.
 * @throws FusionclipError `bad_model` when none fits
 */
export function familyRows(
  { onEvent }: Pick<TrainContext, 'onEvent'>,
  { tokenizer, weights, defaults }: Pick<Backbone, 'tokenizer' | 'weights' | 'defaults'>,
  family: string,
  rows: readonly StudyRow[],
  given: Readonly<Record<string, string>>,
): StudyRow[] {
  if (given['prompt.object'] !== undefined) return [...rows];
  const { nouns: names, short } = PHANTOM_FAMILIES[family];
  const nouns = [...names, ...(short ? [short] : [])];
  const { fusion } = chooseSettings(defaults, { ...given, method: OWN }).settings;
  const room = { tokenizer, context: weights.config.text.context, vectors: fusion['prompt.nctx'] };
  const tell = (whose: string, name: string, first: string) => {
    if (name === first) return;
    const text = `${family}: prompts${whose} say "${name}", since "${first}" is too long for the ${room.context} tokens of the model.`;
    onEvent?.({ type: 'note', text });
  };
  const name = nameThatFits(nouns, room);
  tell('', name, nouns[0]);
  const isWinclip = ({ method }: StudyRow) => method.startsWith('winclip');
  const winclip = rows.some(isWinclip) ? nameThatFits(nouns.slice(nouns.indexOf(name)), room, WINCLIP) : name;
  tell(' of WinCLIP', winclip, name);
  return rows.map((row) => {
    const own = isWinclip(row) ? winclip : name;
    return own === nouns[0] ? row : { ...row, settings: { 'prompt.object': own, ...row.settings } };
  });
}
