import * as v from 'valibot';
import { exp } from '../base/elementary.ts';
import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { parseJson } from '../base/json.ts';
import { givenTexts, type OptionTable } from '../base/option.ts';
import { presetOf } from '../clip/config.ts';
import type { ClipWeights } from '../clip/index.ts';
import { readText } from '../clip/model_file.ts';
import { FUSION_OPTIONS, PAPER_VALUES } from '../fusion/options.ts';
import type { ModelDefaults } from '../run/model_settings.ts';
import { TRAIN_OPTIONS } from '../run/options.ts';

/** The file in a model's folder that says which settings suit the model. */
export const RECOMMENDATIONS = 'fusionclip.json';

const STORED = v.object({ settings: v.record(v.string(), v.unknown()) });

const { method: _m, compat: _c, act: _a, weights: _w, 'prompt.object': _o, ...METHOD } = FUSION_OPTIONS;
const { aug, 'lr.adapter': adapterRate, 'lr.prompt': promptRate, betas, epochs, batch } = TRAIN_OPTIONS;

/**
 * What a model's folder has a say in: what the method computes and how it is trained, and nothing that chooses data, decides how
 * fair a result is, or puts images into files.
 */
const RECOMMENDABLE: OptionTable = {
  ...METHOD,
  aug,
  'lr.adapter': adapterRate,
  'lr.prompt': promptRate,
  betas,
  epochs,
  batch,
  'eval.every': TRAIN_OPTIONS['eval.every'],
};

/** As CLIP's own training bounds it. */
const MOST_SCALE = 100;

/** Of models that have no towers of CLIP. */
export const NO_DEFAULTS: ModelDefaults = { own: {}, from: 'model', recommended: {} };

/**
 * The settings that suit a CLIP model: the paper's for ViT-L/14 of OpenAI, else the size that it was trained at and the scale of
 * the cosine that it has learned; and what its folder recommends.
 * @throws FusionclipError `bad_model` for a scale that is none
 */
export async function clipDefaults(weights: ClipWeights, name: string, recommended = {}): Promise<ModelDefaults> {
  const { config } = weights;
  if (presetOf(config, true)?.startsWith('ViT-L-14')) return { own: texts(PAPER_VALUES), from: 'paper', recommended };
  const [logScale] = await weights.read('logit_scale');
  const temperature = Number(Math.min(exp(logScale), MOST_SCALE).toPrecision(4));
  if (!(temperature >= 1e-3)) {
    const what = `${name} has ${logScale} for logit_scale, which is no scale of a cosine`;
    throw new FusionclipError('bad_model', `${what}: the file is damaged; fetch it again.`);
  }
  return { own: texts({ size: config.vision.nativeSize, temperature }), from: 'model', recommended };
}

/**
 * What the `fusionclip.json` of a folder recommends, as texts.
 * @param folder with a slash at its end, or null
 * @throws FusionclipError `bad_model` when it is something else, or names a setting that no model has a say in
 */
export async function recommendedSettings(fs: FileSystem, folder: string | null): Promise<Record<string, string>> {
  const file = `${folder}${RECOMMENDATIONS}`;
  const text = folder === null ? undefined : await readText(fs, file);
  if (text === undefined) return {};
  try {
    return givenTexts(RECOMMENDABLE, parseJson(STORED, text).settings);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause);
    throw new FusionclipError(
      'bad_model',
      `${file} recommends nothing that can be used (${reason}); mend it or remove it.`,
      { cause },
    );
  }
}

function texts(values: Readonly<Record<string, number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}
