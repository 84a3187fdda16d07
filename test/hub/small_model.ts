import { generateModel, presetConfig } from '../../src/clip/index.ts';
import { BlobFiles } from '../../src/host/blob_files.ts';

/** A whole CLIP of some hundred kilobytes in a safetensors file, of seed 1. */
export async function smallModel(): Promise<Uint8Array> {
  const files = new BlobFiles();
  const config = presetConfig('T');
  const tower = { width: 64, layers: 1, heads: 1, mlp: 64 };
  const text = { ...config.text, ...tower, context: 16, vocab: 300 };
  const small = { ...config, embed: 32, vision: { ...config.vision, ...tower, nativeSize: 28 }, text };
  await generateModel(small, 1, {}, await files.createWriter('m'));
  return files.readFile('m');
}

/** What a `config.json` says of {@link smallModel}. */
export const SMALL_CONFIG = JSON.stringify({
  model_type: 'clip',
  vision_config: { num_attention_heads: 1 },
  text_config: { num_attention_heads: 1 },
});
