import { FusionclipError } from '../gpu/errors.ts';
import { type ConfigHints, misfit } from './config.ts';

/**
 * What a configuration file says: Hugging Face's `config.json` of a CLIP model, or open_clip's (`open_clip_config.json`
 * and the files of its `model_configs`).
 * @throws FusionclipError `bad_model` when it is neither, or asks for what this program does not compute
 */
export function parseConfig(text: string, file: string): ConfigHints {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new FusionclipError('bad_model', `${file} is not JSON; download it again.`, { cause });
  }
  const root = new Section(json, file, '');
  const model = root.optional('model_cfg') ?? root;
  if (model.optional('vision_cfg')) return openClipHints(root, model, file);
  if (root.optional('vision_config') || root.optional('text_config') || root.value('model_type') === 'clip') {
    return huggingFaceHints(root, file);
  }
  throw misfit(file, 'is not the configuration of a CLIP model');
}

function openClipHints(root: Section, model: Section, file: string): ConfigHints {
  const vision = model.optional('vision_cfg')!;
  const text = model.optional('text_cfg') ?? new Section({}, file, 'text_cfg.');
  for (const [section, key] of [
    [vision, 'timm_model_name'],
    [text, 'hf_model_name'],
  ] as const) {
    if (section.value(key)) throw misfit(file, `uses ${key}, which is not one of CLIP's own transformers`);
  }
  const width = vision.number('width') ?? 768;
  const preprocess = root.optional('preprocess_cfg');
  return {
    act: model.value('quick_gelu') === true ? 'quickgelu' : 'gelu',
    visionHeads: width / (vision.number('head_width') ?? 64),
    textHeads: text.number('heads'),
    nativeSize: vision.number('image_size'),
    eot: 'argmax',
    mean: preprocess?.channels('mean'),
    std: preprocess?.channels('std'),
  };
}

function huggingFaceHints(root: Section, file: string): ConfigHints {
  const vision = root.optional('vision_config') ?? new Section({}, file, 'vision_config.');
  const text = root.optional('text_config') ?? new Section({}, file, 'text_config.');
  const acts = [vision, text].map((section) => section.value('hidden_act') ?? 'quick_gelu');
  if (acts[0] !== acts[1]) throw misfit(file, 'gives its two towers different activations');
  if (acts[0] !== 'quick_gelu' && acts[0] !== 'gelu') throw misfit(file, `has the unknown activation ${acts[0]}`);
  for (const section of [vision, text]) {
    const eps = section.number('layer_norm_eps') ?? 1e-5;
    if (Math.abs(eps - 1e-5) > 1e-9) throw misfit(file, `has a layer_norm_eps of ${eps}, not 1e-5`);
  }
  // Files made before the tokens were looked at properly say 2, which stands for "the largest id".
  const eot = text.number('eos_token_id') ?? 49407;
  return {
    act: acts[0] === 'gelu' ? 'gelu' : 'quickgelu',
    visionHeads: vision.number('num_attention_heads') ?? 12,
    textHeads: text.number('num_attention_heads') ?? 8,
    nativeSize: vision.number('image_size'),
    eot: eot === 2 ? 'argmax' : eot,
  };
}

/** Mean and standard deviation of Hugging Face's `preprocessor_config.json`, if it has them. Throws `bad_model`. */
export function parsePreprocessor(text: string, file: string): Pick<ConfigHints, 'mean' | 'std'> {
  try {
    const root = new Section(JSON.parse(text), file, '');
    return { mean: root.channels('image_mean'), std: root.channels('image_std') };
  } catch (cause) {
    if (cause instanceof FusionclipError) throw cause;
    throw new FusionclipError('bad_model', `${file} is not JSON; download it again.`, { cause });
  }
}

/** One object of a configuration file, with its place in it for messages. */
class Section {
  private readonly entries: Map<string, unknown>;
  private readonly file: string;
  private readonly path: string;

  constructor(json: unknown, file: string, path: string) {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw misfit(file, `has no object ${path || 'at its top'}`);
    }
    this.entries = new Map(Object.entries(json));
    this.file = file;
    this.path = path;
  }

  value(key: string): unknown {
    return this.entries.get(key) ?? undefined;
  }

  optional(key: string): Section | undefined {
    const value = this.value(key);
    return value === undefined ? undefined : new Section(value, this.file, `${this.path}${key}.`);
  }

  number(key: string): number | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !(value >= 0)) throw misfit(this.file, `has no number at ${this.path}${key}`);
    return value;
  }

  channels(key: string): readonly number[] | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || value.length !== 3 || !value.every(Number.isFinite)) {
      throw misfit(this.file, `has no three numbers at ${this.path}${key}`);
    }
    return value;
  }
}
