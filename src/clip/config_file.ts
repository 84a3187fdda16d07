import * as v from 'valibot';
import { FusionclipError } from '../base/errors.ts';
import { checkJson, isObject } from '../base/json.ts';
import { type ConfigHints, misfit } from './config.ts';
import { configRemarks, type KeyRemarks, preprocessorRemarks } from './config_keys.ts';

const count = v.nullish(v.pipe(v.number(), v.minValue(0)));
const channels = v.nullish(v.strictTuple([v.number(), v.number(), v.number()]));

const HUGGING_FACE_TOWER = v.nullish(
  v.object({
    hidden_act: v.nullish(v.string(), 'quick_gelu'),
    layer_norm_eps: count,
    num_attention_heads: count,
    image_size: count,
    eos_token_id: count,
  }),
);
const HUGGING_FACE = v.object({ vision_config: HUGGING_FACE_TOWER, text_config: HUGGING_FACE_TOWER });

const OPEN_CLIP_MODEL = v.object({
  quick_gelu: v.nullish(v.boolean()),
  vision_cfg: v.object({
    width: count,
    head_width: count,
    image_size: count,
    timm_model_name: v.optional(v.unknown()),
  }),
  text_cfg: v.nullish(
    v.object({
      heads: count,
      hf_model_name: v.optional(v.unknown()),
      pool_type: v.nullish(v.string(), 'argmax'),
      eos_id: v.nullish(v.number(), 2),
    }),
  ),
});
const OPEN_CLIP_PREPROCESSING = v.object({ preprocess_cfg: v.nullish(v.object({ mean: channels, std: channels })) });

const PREPROCESSOR = v.object({
  image_mean: channels,
  image_std: channels,
  do_normalize: v.nullish(v.boolean(), true),
  rescale_factor: v.nullish(v.number(), 1 / 255),
});

/**
 * What a configuration file says: Hugging Face's `config.json` of a CLIP model, or open_clip's (`open_clip_config.json`
 * and the files of its `model_configs`).
 * @throws FusionclipError `bad_model` when it is neither, or asks for what this program does not compute
 */
export function parseConfig(text: string, file: string): ConfigHints {
  return readConfig(text, file).hints;
}

/** {@link parseConfig}, with what is to be said of the file's keys. */
export function readConfig(text: string, file: string): { hints: ConfigHints; remarks: KeyRemarks } {
  const root = readJson(text, file);
  const model = isObject(root.model_cfg) ? root.model_cfg : root;
  if (model.vision_cfg) return { hints: openClipHints(root, model, file), remarks: configRemarks(root, file) };
  if (root.vision_config || root.text_config || root.model_type === 'clip') {
    return { hints: huggingFaceHints(root, file), remarks: configRemarks(root, file) };
  }
  const { model_type: type } = root;
  if (type === 'clip_vision_model' || type === 'clip_text_model') {
    const what =
      type === 'clip_vision_model'
        ? 'vision tower alone; take the whole CLIP model, with its text tower'
        : 'text tower alone; take the whole CLIP model';
    throw new FusionclipError('bad_model', `${file} is the configuration of a ${what}.`);
  }
  throw misfit(
    file,
    typeof type === 'string'
      ? `is the configuration of ${JSON.stringify(type)}, not of a CLIP model`
      : 'is not the configuration of a CLIP model',
  );
}

function openClipHints(root: Json, model: Json, file: string): ConfigHints {
  const { quick_gelu, vision_cfg: vision, text_cfg: text } = checked(OPEN_CLIP_MODEL, model, file);
  const { preprocess_cfg: preprocess } = checked(OPEN_CLIP_PREPROCESSING, root, file);
  for (const [key, given] of [
    ['timm_model_name', vision.timm_model_name],
    ['hf_model_name', text?.hf_model_name],
  ]) {
    if (given) throw misfit(file, `uses ${key}, which is not one of CLIP's own transformers`);
  }
  const pool = text?.pool_type ?? 'argmax';
  if (pool !== 'argmax' && pool !== 'eos') throw misfit(file, `asks for text_cfg.pool_type ${JSON.stringify(pool)}`);
  return {
    act: quick_gelu === true ? 'quickgelu' : 'gelu',
    visionHeads: (vision.width ?? 768) / (vision.head_width ?? 64),
    textHeads: text?.heads ?? undefined,
    nativeSize: vision.image_size ?? undefined,
    eot: pool === 'eos' ? text!.eos_id : 'argmax',
    mean: preprocess?.mean ?? undefined,
    std: preprocess?.std ?? undefined,
  };
}

function huggingFaceHints(root: Json, file: string): ConfigHints {
  const { vision_config: vision, text_config: text } = checked(HUGGING_FACE, root, file);
  const acts = [vision, text].map((tower) => tower?.hidden_act ?? 'quick_gelu');
  if (acts[0] !== acts[1]) throw misfit(file, 'gives its two towers different activations');
  if (acts[0] !== 'quick_gelu' && acts[0] !== 'gelu') throw misfit(file, `has the unknown activation ${acts[0]}`);
  for (const tower of [vision, text]) {
    const eps = tower?.layer_norm_eps ?? 1e-5;
    if (Math.abs(eps - 1e-5) > 1e-9) throw misfit(file, `has a layer_norm_eps of ${eps}, not 1e-5`);
  }
  // Files made before the tokens were looked at properly say 2, which stands for "the largest id".
  const eot = text?.eos_token_id ?? 49407;
  return {
    act: acts[0] === 'gelu' ? 'gelu' : 'quickgelu',
    visionHeads: vision?.num_attention_heads ?? 12,
    textHeads: text?.num_attention_heads ?? 8,
    nativeSize: vision?.image_size ?? undefined,
    eot: eot === 2 ? 'argmax' : eot,
  };
}

/** Mean and standard deviation of Hugging Face's `preprocessor_config.json`, if it has them. Throws `bad_model`. */
export function parsePreprocessor(text: string, file: string): Pick<ConfigHints, 'mean' | 'std'> {
  return readPreprocessor(text, file).hints;
}

/** {@link parsePreprocessor}, with what is to be said of the file's keys. */
export function readPreprocessor(text: string, file: string): { hints: ConfigHints; remarks: KeyRemarks } {
  const root = readJson(text, file);
  const { image_mean, image_std, do_normalize, rescale_factor } = checked(PREPROCESSOR, root, file);
  if (Math.abs(rescale_factor - 1 / 255) > 1e-9) {
    throw misfit(file, `asks for rescale_factor ${rescale_factor}, where bytes become [0, 1] here`);
  }
  const hints = do_normalize
    ? { mean: image_mean ?? undefined, std: image_std ?? undefined }
    : { mean: [0, 0, 0], std: [1, 1, 1] };
  return { hints, remarks: preprocessorRemarks(root, file) };
}

type Json = Record<string, unknown>;

function readJson(text: string, file: string): Json {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new FusionclipError('bad_model', `${file} is not JSON; download it again.`, { cause });
  }
  if (!isObject(json)) throw misfit(file, 'holds no object');
  return json;
}

function checked<S extends v.GenericSchema>(schema: S, json: unknown, file: string): v.InferOutput<S> {
  try {
    return checkJson(schema, json);
  } catch (cause) {
    throw misfit(file, (cause as Error).message);
  }
}
