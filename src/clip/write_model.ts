import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { numberSymbols } from './byte_pairs.ts';
import { type ClipConfig, pixelStatistics, type TowerConfig } from './config.ts';
import { packHalf } from './half.ts';
import { clipShapes, huggingFaceSource, sourceShape } from './names.ts';
import { type TensorShape, writeSafetensors } from './safetensors_writer.ts';
import { END, START, Tokenizer } from './tokenizer.ts';
import { type ClipWeights, transposed } from './weights.ts';

/** The tokenizer that a merges list gives: ids as OpenAI numbers them, start and end the last two. */
export function tokenizerOfMerges(merges: readonly string[], context: number): Tokenizer {
  return Tokenizer.fromHuggingFace({
    vocab: JSON.stringify(Object.fromEntries(numberSymbols(merges, [START, END]))),
    merges: mergesFile(merges),
    config: JSON.stringify({ model_max_length: context }),
  });
}

/**
 * Writes a model as a folder that Hugging Face's `transformers` and `openClipModel` read: weights in float16, the
 * configuration, the tokenizer's files and the preprocessing. The weights come last, so a folder that has them is whole.
 *
 * @param merges of the model's own vocabulary
 * @param metadata of the weights file
 */
export async function writeModelFolder(
  fs: FileSystem,
  folder: string,
  weights: ClipWeights,
  merges: readonly string[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { config } = weights;
  const json = (name: string, value: unknown) =>
    fs.writeFile(joinPath(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  await json('config.json', configJson(config));
  await json('preprocessor_config.json', preprocessorJson(config));
  for (const [name, text] of Object.entries(tokenizerFiles(merges, config.text.context))) {
    await fs.writeFile(joinPath(folder, name), text);
  }
  const tensors: [string, TensorShape & { data: Uint8Array }][] = [];
  for (const [name, shape] of clipShapes(config)) tensors.push(...(await fileTensors(weights, name, shape)));
  const all = { format: 'pt', activation: config.act, generator: 'fusionclip', ...metadata };
  await fs.writeFile(joinPath(folder, 'model.safetensors'), writeSafetensors(tensors, all));
}

/** A canonical tensor as the tensors of a file with Hugging Face's names. */
async function fileTensors(
  weights: ClipWeights,
  name: string,
  shape: readonly number[],
): Promise<[string, TensorShape & { data: Uint8Array }][]> {
  const source = huggingFaceSource(name);
  const { tensors, transpose } = source;
  const read = await weights.read(name);
  const values = transpose ? transposed(read, shape[0], shape[1]) : read;
  const each = values.length / tensors.length;
  const part = sourceShape(source, shape);
  return tensors.map((tensor, i) => [
    tensor,
    { dtype: 'F16', shape: part, data: packHalf(values.subarray(i * each, (i + 1) * each)) },
  ]);
}

function configJson({ embed, vision, text, act }: ClipConfig): unknown {
  const hidden_act = act === 'gelu' ? 'gelu' : 'quick_gelu';
  const tower = ({ width, layers, heads, mlp }: TowerConfig) => ({
    hidden_size: width,
    intermediate_size: mlp,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    hidden_act,
    layer_norm_eps: 1e-5,
    projection_dim: embed,
  });
  return {
    architectures: ['CLIPModel'],
    model_type: 'clip',
    projection_dim: embed,
    logit_scale_init_value: 2.6592,
    torch_dtype: 'float16',
    vision_config: {
      model_type: 'clip_vision_model',
      ...tower(vision),
      image_size: vision.nativeSize,
      patch_size: vision.patch,
      num_channels: 3,
    },
    text_config: {
      model_type: 'clip_text_model',
      ...tower(text),
      vocab_size: text.vocab,
      max_position_embeddings: text.context,
      bos_token_id: text.vocab - 2,
      eos_token_id: text.vocab - 1,
      pad_token_id: text.vocab - 1,
    },
  };
}

function preprocessorJson(config: ClipConfig): unknown {
  const side = config.vision.nativeSize;
  const { mean, std } = pixelStatistics(config);
  return {
    image_processor_type: 'CLIPImageProcessor',
    do_convert_rgb: true,
    do_resize: true,
    size: { shortest_edge: side },
    resample: 3,
    do_center_crop: true,
    crop_size: { height: side, width: side },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: mean,
    image_std: std,
  };
}

function mergesFile(merges: readonly string[]): string {
  return `#version: 0.2\n${merges.map((merge) => `${merge}\n`).join('')}`;
}

/** Texts of the tokenizer's files by name. */
function tokenizerFiles(merges: readonly string[], context: number): Record<string, string> {
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  const special = { bos_token: START, eos_token: END, unk_token: END, pad_token: END };
  return {
    'vocab.json': `${JSON.stringify(Object.fromEntries(numberSymbols(merges, [START, END])))}\n`,
    'merges.txt': mergesFile(merges),
    'special_tokens_map.json': json(special),
    'tokenizer_config.json': json({
      tokenizer_class: 'CLIPTokenizer',
      do_lower_case: true,
      model_max_length: context,
      errors: 'replace',
      ...special,
    }),
  };
}
