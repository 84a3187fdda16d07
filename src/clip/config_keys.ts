/**
 * What this program does with every key of a model's configuration files: of transformers' `CLIPConfig` (5.24),
 * `CLIPVisionConfig`, `CLIPTextConfig` and `CLIPImageProcessor`, and of open_clip's `CLIPVisionCfg`, `CLIPTextCfg` and
 * `PreprocessCfg` (3.3). A key that changes an embedding is obeyed or refused by name; one that is in no table is said.
 */

import { FusionclipError } from '../base/errors.ts';
import { isObject } from '../base/json.ts';
import type { ClipConfig } from './config.ts';

/**
 * `obeyed`: it is read, or the tensors say it; `harmless`: no embedding depends on it; a list: anything else than these values
 * is not computed here; a function: a size that must be that of the tensors. A key that is null is as good as absent.
 */
type Treatment = 'obeyed' | 'harmless' | readonly unknown[] | ((config: ClipConfig) => number);
type KeyTable = Readonly<Record<string, Treatment>>;

/** What a file says of sizes, and which of its keys nobody here knows. */
export interface KeyRemarks {
  readonly sizes: readonly { readonly key: string; readonly stated: number; of(config: ClipConfig): number }[];
  readonly unknown: readonly string[];
}

const all = <T extends Treatment>(treatment: T, words: string): Record<string, T> =>
  Object.fromEntries(words.split(/\s+/).map((word) => [word, treatment]));

const OFF = [false];
const NONE = [{}];
const EXACT_NORM = [{}, { eps: 1e-5 }];
const EXACT_ACT = [{}, { approximate: 'none' }];

/** Of every configuration of transformers: how text is generated, how losses are computed, where the file comes from. */
const HUGGING_FACE_BASE: KeyTable = {
  ...all(
    'harmless',
    `_name_or_path _commit_hash _attn_implementation _attn_implementation_autoset _attn_implementation_internal architectures
    attn_implementation attention_dropout auto_map bad_words_ids begin_suppress_tokens bos_token_id chunk_size_feed_forward
    cross_attention_hidden_size decoder_start_token_id diversity_penalty do_sample dropout dtype early_stopping
    encoder_no_repeat_ngram_size exponential_decay_length_penalty finetuning_task forced_bos_token_id forced_eos_token_id
    gradient_checkpointing id2label initializer_factor initializer_range is_encoder_decoder label2id length_penalty
    logit_scale_init_value max_length min_length no_repeat_ngram_size num_beam_groups num_beams num_return_sequences
    output_attentions output_hidden_states output_scores pad_token_id prefix problem_type remove_invalid_values
    repetition_penalty return_dict return_dict_in_generate sep_token_id suppress_tokens task_specific_params temperature
    tf_legacy_loss tie_encoder_decoder tie_word_embeddings tokenizer_class top_k top_p torch_dtype torchscript
    transformers_version transformers.js_config typical_p use_bfloat16 use_cache`,
  ),
  ...{ add_cross_attention: OFF, is_decoder: OFF, pruned_heads: NONE, quantization_config: NONE },
};
const HUGGING_FACE_TOWER: KeyTable = {
  ...HUGGING_FACE_BASE,
  ...all('obeyed', 'hidden_act layer_norm_eps num_attention_heads'),
};
const HUGGING_FACE: KeyTable = {
  ...HUGGING_FACE_BASE,
  ...all('obeyed', 'vision_config text_config vision_config_dict text_config_dict'),
  eos_token_id: 'harmless',
  model_type: ['clip'],
  projection_dim: ({ embed }) => embed,
};
const HUGGING_FACE_VISION: KeyTable = {
  ...HUGGING_FACE_TOWER,
  model_type: ['clip_vision_model', 'clip'],
  projection_dim: 'harmless',
  eos_token_id: 'harmless',
  image_size: 'obeyed',
  num_channels: [3],
  hidden_size: ({ vision }) => vision.width,
  intermediate_size: ({ vision }) => vision.mlp,
  num_hidden_layers: ({ vision }) => vision.layers,
  patch_size: ({ vision }) => vision.patch,
};
const HUGGING_FACE_TEXT: KeyTable = {
  ...HUGGING_FACE_TOWER,
  model_type: ['clip_text_model', 'clip'],
  projection_dim: 'harmless',
  eos_token_id: 'obeyed',
  vocab_size: ({ text }) => text.vocab,
  max_position_embeddings: ({ text }) => text.context,
  hidden_size: ({ text }) => text.width,
  intermediate_size: ({ text }) => text.mlp,
  num_hidden_layers: ({ text }) => text.layers,
};

const OPEN_CLIP_FILE: KeyTable = { ...all('obeyed', 'model_cfg preprocess_cfg'), ...all('harmless', 'hf_hub_id url') };
const OPEN_CLIP_MODEL: KeyTable = {
  ...all('obeyed', 'vision_cfg text_cfg quick_gelu'),
  ...all('harmless', 'init_logit_scale init_logit_bias nonscalar_logit_scale cast_dtype output_dict'),
  ...{ custom_text: OFF, multimodal_cfg: NONE },
  embed_dim: ({ embed }) => embed,
};
/** Layers and attention that CLIP's own blocks do not have. */
const OPEN_CLIP_TOWER: KeyTable = {
  ...all(OFF, `ls_init_value qk_norm scaled_cosine_attn scale_heads scale_attn_inner scale_attn scale_fc`),
  ...{ act_kwargs: EXACT_ACT, norm_kwargs: EXACT_NORM, block_type: ['default'] },
  // What is pooled is one token, whose norm is the same before and after.
  ...all('harmless', 'output_tokens final_ln_after_pool'),
};
const OPEN_CLIP_VISION: KeyTable = {
  ...OPEN_CLIP_TOWER,
  ...all('obeyed', 'head_width image_size timm_model_name'),
  ...all('harmless', 'patch_dropout timm_model_pretrained timm_pool timm_proj timm_proj_bias timm_drop timm_drop_path'),
  ...all('harmless', 'attn_pooler_queries attn_pooler_heads'),
  ...{ attentional_pool: OFF, no_ln_pre: OFF, pool_type: ['tok'] },
  // Either table is stored in the file.
  pos_embed_type: ['learnable', 'sin_cos_2d'],
  layers: ({ vision }) => vision.layers,
  width: ({ vision }) => vision.width,
  mlp_ratio: ({ vision }) => vision.mlp / vision.width,
  patch_size: ({ vision }) => vision.patch,
};
const OPEN_CLIP_TEXT: KeyTable = {
  ...OPEN_CLIP_TOWER,
  ...all('obeyed', 'heads hf_model_name pool_type eos_id'),
  ...all('harmless', 'pad_id hf_model_pretrained hf_proj_type hf_pooler_type'),
  ...{ embed_cls: OFF, no_causal_mask: OFF, proj_bias: OFF, proj_type: ['linear'] },
  ...{ hf_tokenizer_name: OFF, tokenizer_mode: OFF, tokenizer_kwargs: [{}, { clean: 'lower' }] },
  context_length: ({ text }) => text.context,
  vocab_size: ({ text }) => text.vocab,
  width: ({ text }) => text.width,
  layers: ({ text }) => text.layers,
  mlp_ratio: ({ text }) => text.mlp / text.width,
};
const OPEN_CLIP_PREPROCESSING: KeyTable = {
  ...all('obeyed', 'mean std'),
  ...all('harmless', 'size resize_mode fill_color'),
  ...{ mode: ['RGB'], interpolation: ['bicubic'] },
};
/** How an image comes to its size is the caller's choice (`PreprocessVariant`), and no fact of the model. */
const PREPROCESSOR: KeyTable = {
  ...all('obeyed', 'image_mean image_std do_normalize rescale_factor'),
  ...all('harmless', 'size crop_size do_center_crop'),
  ...all(
    'harmless',
    `image_processor_type feature_extractor_type processor_class do_convert_rgb default_to_square return_tensors data_format
    input_data_format device disable_grouping image_seq_length use_square_size crop_pct`,
  ),
  ...{ do_resize: [true], do_rescale: [true], do_pad: OFF, pad_size: NONE, resample: [3, 'bicubic'] },
};

/**
 * Goes through the keys of a model's configuration, Hugging Face's or open_clip's.
 * @throws FusionclipError `bad_model` for one that asks for what this program does not compute
 */
export function configRemarks(root: Readonly<Record<string, unknown>>, file: string): KeyRemarks {
  const model = isObject(root.model_cfg) ? root.model_cfg : root;
  if (model.vision_cfg) {
    return joined([
      ...(model === root ? [] : [keysOf(root, OPEN_CLIP_FILE, file)]),
      keysOf(model, { ...OPEN_CLIP_MODEL, ...(model === root && OPEN_CLIP_FILE) }, file),
      keysOf(model.vision_cfg, OPEN_CLIP_VISION, file, 'vision_cfg'),
      keysOf(model.text_cfg, OPEN_CLIP_TEXT, file, 'text_cfg'),
      keysOf(root.preprocess_cfg, OPEN_CLIP_PREPROCESSING, file, 'preprocess_cfg'),
    ]);
  }
  requireAgreement(root, file);
  return joined([
    keysOf(root, HUGGING_FACE, file),
    keysOf(root.vision_config, HUGGING_FACE_VISION, file, 'vision_config'),
    keysOf(root.text_config, HUGGING_FACE_TEXT, file, 'text_config'),
  ]);
}

/** The same for Hugging Face's `preprocessor_config.json`. Throws `bad_model`. */
export function preprocessorRemarks(root: Readonly<Record<string, unknown>>, file: string): KeyRemarks {
  return keysOf(root, PREPROCESSOR, file);
}

/** Refuses sizes that are not those of the tensors, such as a number of layers that leaves some out. Throws `bad_model`. */
export function requireSizes({ sizes }: KeyRemarks, config: ClipConfig, file: string): void {
  for (const { key, stated, of } of sizes) {
    const own = of(config);
    // open_clip cuts the product of width and ratio to a whole number.
    if (Math.abs(stated - own) > 1e-3 * (key.endsWith('mlp_ratio') ? own : 0)) {
      throw refusal(file, `says ${key} ${stated}, and the tensors have ${own}`);
    }
  }
}

/** Some sentences of one file, or of several. */
export function joined(remarks: readonly KeyRemarks[]): KeyRemarks {
  return { sizes: remarks.flatMap(({ sizes }) => sizes), unknown: remarks.flatMap(({ unknown }) => unknown) };
}

function keysOf(json: unknown, table: KeyTable, file: string, where = ''): KeyRemarks {
  const sizes: { key: string; stated: number; of(config: ClipConfig): number }[] = [];
  const unknown: string[] = [];
  for (const [name, value] of Object.entries(isObject(json) ? json : {})) {
    const key = where ? `${where}.${name}` : name;
    const treatment = Object.hasOwn(table, name) ? table[name] : undefined;
    if (value === null || treatment === 'obeyed' || treatment === 'harmless') continue;
    if (treatment === undefined) unknown.push(key);
    else if (typeof treatment !== 'function') {
      if (treatment.some((known) => JSON.stringify(known) === JSON.stringify(value))) continue;
      throw refusal(file, `asks for ${key} ${JSON.stringify(value)}, which this program does not compute`);
    } else if (typeof value === 'number') sizes.push({ key, stated: value, of: treatment });
    else throw refusal(file, `has ${JSON.stringify(value)} at ${key}, not a number`);
  }
  return { sizes, unknown };
}

/** transformers lets `vision_config_dict` overrule `vision_config`; here both must say the same. */
function requireAgreement(root: Readonly<Record<string, unknown>>, file: string): void {
  for (const name of ['vision_config', 'text_config']) {
    const [plain, other] = [root[name], root[`${name}_dict`]];
    if (!isObject(other)) continue;
    for (const [key, value] of Object.entries(other)) {
      const own = isObject(plain) ? plain[key] : undefined;
      if (key in HUGGING_FACE_BASE || value === null || JSON.stringify(own) === JSON.stringify(value)) continue;
      throw refusal(file, `says ${key} ${JSON.stringify(value)} in ${name}_dict and ${JSON.stringify(own)} in ${name}`);
    }
  }
}

function refusal(file: string, what: string): FusionclipError {
  return new FusionclipError('bad_model', `${file} ${what}; use a model whose configuration does without it.`);
}
