import type { InferOutput } from 'valibot';
import { FusionclipError } from '../base/errors.ts';
import { checkJson, isObject } from '../base/json.ts';
import { requireKnownVersion } from '../base/known_version.ts';
import { optionTexts } from '../base/option.ts';
import { VERSION } from '../base/version.ts';
import type { DatasetKind } from '../data/layout/dataset.ts';
import { FULL, type RangeRule } from '../data/range/rule.ts';
import { FUSION_OPTIONS, type FusionOptions, fusionOptions } from '../fusion/index.ts';
import { presetTexts } from '../fusion/presets.ts';
import type { Acquired } from '../volume/acquired.ts';
import type { ModelIdentity } from './model_identity.ts';
import { TRAIN_OPTIONS, type TrainOptions, trainOptions } from './options.ts';
import { damageOf } from './run_file.ts';
import type { SettingSource } from './setting_sources.ts';
import { STORED_HEADER } from './stored.ts';

/** Both tables of settings. */
export interface RunSettings {
  readonly fusion: FusionOptions;
  readonly train: TrainOptions;
}

/** All that has to be known to use what a run has trained. It travels in every checkpoint and is the run's `config.json`. */
export interface RunConfig extends RunSettings {
  /** Who said the settings that are not the program's defaults; unknown of a run of an earlier version. */
  readonly sources?: Readonly<Record<string, SettingSource>>;
  readonly kind: DatasetKind;
  /** What the prompts call the images' content. */
  readonly object: string;
  readonly model: ModelIdentity;
  /** The data set that was trained on. */
  readonly data: { readonly path: string; readonly name: string };
  /** How the values of image files become grey levels, in training and ever after. */
  readonly grey: RangeRule;
  /** Of volumes: what was asked for as `--window`, and what the one in the settings was decided from. */
  readonly window?: { readonly asked: string; readonly from: string };
  /** Of volumes and single images: how they were made, as far as their files say. */
  readonly acquired?: Acquired;
}

/** Splits settings by name into both tables. @throws FusionclipError `usage` for a name or value that is none */
export function runSettings(given: Readonly<Record<string, string>>): RunSettings {
  const own: Record<string, string> = {};
  const method: Record<string, string> = {};
  for (const name in given) {
    if (name in TRAIN_OPTIONS) own[name] = given[name];
    else method[name] = given[name];
  }
  const fusion = fusionOptions(method);
  const { training } = presetTexts(fusion.method, fusion.compat);
  return { fusion, train: trainOptions({ ...training, ...own }) };
}

/** The texts that {@link runSettings} makes these settings of again. */
export function optionTextsOf({ fusion, train }: RunSettings): Record<string, string> {
  return { ...optionTexts(FUSION_OPTIONS, fusion), ...optionTexts(TRAIN_OPTIONS, train) };
}

/** A header as plain data. `settings` are texts, so that they are read back through the same door as flags. */
export function headerJson({ fusion, train, ...rest }: RunConfig): Record<string, unknown> {
  return {
    fusionclip: VERSION,
    ...rest,
    settings: optionTextsOf({ fusion, train }),
  };
}

/**
 * Reads what {@link headerJson} made.
 * @param file for messages
 * @throws FusionclipError `bad_model` when it is something else, or a later version has written it
 */
export function parseHeader(json: unknown, file: string): RunConfig {
  requireHeaderVersion(json, file);
  try {
    checkJson(STORED_HEADER, json);
    // The keys keep their order, so that a resumed run writes the same bytes as an unbroken one.
    const stored = json as InferOutput<typeof STORED_HEADER>;
    const { settings, sources, kind, object, model, data, grey = FULL, window, acquired } = stored;
    const facts = { kind, object, model, data, grey };
    const ofVolumes = { ...(window && { window }), ...(acquired && { acquired }) };
    return { ...runSettings(settings), ...(sources && { sources }), ...facts, ...ofVolumes };
  } catch (cause) {
    if (!(cause instanceof FusionclipError)) {
      throw isObject(json) && 'fusionclip' in json ? damagedHeader(file, cause) : notOurs(file);
    }
    throw new FusionclipError(
      'bad_model',
      `${file} was written by another version of fusionclip (${cause.message.replace(/\.$/, '')}); train again.`,
      { cause },
    );
  }
}

/** @throws FusionclipError `bad_model` */
function requireHeaderVersion(json: unknown, file: string): void {
  try {
    requireKnownVersion(json, file, 'bad_model');
  } catch (cause) {
    throw cause instanceof FusionclipError ? cause : damagedHeader(file, cause);
  }
}

/** The refusal of what a run has written and something else has spoilt. */
export function damagedHeader(file: string, cause: unknown): FusionclipError {
  const text = `${file} is damaged (${damageOf(cause)}); take a copy of it, or train again.`;
  return new FusionclipError('bad_model', text, { cause });
}

/** The refusal of a file or folder that no run has written. */
export function notOurs(file: string): FusionclipError {
  return new FusionclipError('bad_model', `${file} was not written by fusionclip train; give a run folder of it.`);
}
