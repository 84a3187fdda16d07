import { array, nullable, object, record, string } from 'valibot';
import { FusionclipError } from '../base/errors.ts';
import { checkJson } from '../base/json.ts';
import { tokenizerOfMerges } from '../clip/index.ts';
import type { PartWorker } from '../train/index.ts';
import { pretrainOptions } from './options.ts';
import { captionsOf } from './pairs.ts';
import { Pretrainer } from './pretrainer.ts';
import { firstState, openSource, type PretrainContext } from './run.ts';

const PRETRAINING = object({
  settings: record(string(), string()),
  data: nullable(string()),
  merges: array(string()),
  /** SHA-256 of the captions of its source. */
  captions: string(),
});

/**
 * Opens a pre-training elsewhere, to compute gradients of parts of its batches.
 * @param what as its trainer has sent it
 * @param data where the folder of pairs lies here; null: where it lies there
 * @throws FusionclipError `bad_data` where the captions are others
 */
export async function openPretraining(
  context: Pick<PretrainContext, 'fs' | 'gpu'>,
  what: unknown,
  data: string | null,
): Promise<PartWorker> {
  const told = checkJson(PRETRAINING, what);
  const options = pretrainOptions(told.settings);
  const path = told.data === null ? null : (data ?? told.data);
  const source = await openSource(context.fs, options, path);
  if ((await captionsOf(source)) !== told.captions) {
    const where = path ?? 'This version';
    throw new FusionclipError('bad_data', `${where} has other captions than the training; give the same pairs.`);
  }
  const tokenizer = tokenizerOfMerges(told.merges, options.context);
  const state = firstState(options, told.merges);
  const trainer = await Pretrainer.create(context.gpu, options, source, tokenizer, state);
  return {
    follow: (weights, parts) => trainer.follow(Math.floor((parts[0]?.[0] ?? 0) / options.batch), weights),
    gradients: (part) => trainer.gradients(part),
    release: () => trainer.release(),
  };
}
