import { FusionclipError } from '../../base/errors.ts';
import { type PromptSentences, promptSentences, TEMPLATES } from '../../clip/sentences.ts';
import type { Tokenizer } from '../../clip/tokenizer.ts';
import type { Backbone } from '../../detect/backbone.ts';
import { PHANTOM_FAMILIES } from '../../phantom/index.ts';
import { chooseSettings } from '../../run/model_settings.ts';
import type { TrainContext } from '../../train/train_run.ts';
import { OWN } from './gap_rows.ts';

/** What a model can read at once. */
export interface TextRoom {
  readonly tokenizer: Pick<Tokenizer, 'encode'>;
  /** Tokens of a sentence, start and end among them. */
  readonly context: number;
  /** Learnable vectors, which stand in the sentence of one template (`prompt.nctx`). */
  readonly vectors: number;
}

/**
 * The first of a family's names whose 420 sentences a model can read as a whole, and whose plain sentences leave room for learnable
 * vectors: the vocabulary of a small model spells long words letter by letter. One name goes for all methods of a study.
 * @throws FusionclipError `bad_model` when none fits
 */
export function nameThatFits(nouns: readonly string[], room: TextRoom): string {
  const { tokenizer, context, vectors } = room;
  const longest = ({ normal, abnormal }: PromptSentences) =>
    Math.max(...[...normal, ...abnormal].map((sentence) => tokenizer.encode(sentence).length + 2));
  const found = nouns.find(
    (noun) =>
      longest(promptSentences(noun, TEMPLATES)) <= context && longest(promptSentences(noun)) + vectors <= context,
  );
  if (found !== undefined) return found;
  throw new FusionclipError(
    'bad_model',
    `The model has room for ${context} tokens, too few for prompts that say ${nouns.map((noun) => `"${noun}"`).join(' or ')}; leave the family out (--families).`,
  );
}

/**
 * The settings of a study for one family: with a name of the family's that the model can read, where that is not the first one, and
 * none is given. It is told.
 * @throws FusionclipError `bad_model` when none fits
 */
export function familySettings(
  { onEvent }: Pick<TrainContext, 'onEvent'>,
  { tokenizer, weights, defaults }: Backbone,
  family: string,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  if (given['prompt.object'] !== undefined) return { ...given };
  const { nouns } = PHANTOM_FAMILIES[family];
  const { fusion } = chooseSettings(defaults, { ...given, method: OWN }).settings;
  const room = { tokenizer, context: weights.config.text.context, vectors: fusion['prompt.nctx'] };
  const name = nameThatFits(nouns, room);
  if (name === nouns[0]) return { ...given };
  const text = `${family}: prompts say "${name}", since "${nouns[0]}" is too long for the ${room.context} tokens of the model.`;
  onEvent?.({ type: 'note', text });
  return { ...given, 'prompt.object': name };
}
