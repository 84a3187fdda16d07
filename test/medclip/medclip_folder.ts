import { writeSafetensors } from '../../src/clip/safetensors_writer.ts';
import type { MedClipConfig } from '../../src/medclip/config.ts';
import { GeneratedMedClip } from '../../src/medclip/model_file.ts';
import { medClipTensors } from '../../src/medclip/names.ts';

/** Files of a MedCLIP model as it is published, with generated weights. */
export interface MedClipFolder {
  readonly 'model.safetensors': Uint8Array<ArrayBuffer>;
  readonly 'config.json': string;
  readonly 'vocab.txt': string;
}

/**
 * A model in memory.
 * @param change what to do to its tensors, by published name, before they are written
 */
export async function medClipFolder(
  config: MedClipConfig,
  vocabulary: readonly string[],
  change: (tensors: Map<string, { shape: readonly number[]; values: Float32Array }>) => void = () => {},
): Promise<MedClipFolder> {
  const weights = new GeneratedMedClip(config, 1);
  const tensors = new Map<string, { shape: readonly number[]; values: Float32Array }>();
  for (const [name, { shape, tensors: theirs }] of medClipTensors(config)) {
    const values = await weights.read(name);
    const each = values.length / theirs.length;
    const part = theirs.length > 1 ? [shape[0] / theirs.length, ...shape.slice(1)] : shape;
    theirs.forEach((tensor, i) => {
      tensors.set(tensor, { shape: part, values: values.slice(i * each, (i + 1) * each) });
    });
  }
  // Buffers that the published files have, of which one is refused by newer programs.
  tensors.set('text_model.model.embeddings.position_ids', { shape: [1, 3], values: Float32Array.of(0, 1, 2) });
  change(tensors);
  return {
    'model.safetensors': writeSafetensors(
      [...tensors].map(([name, { shape, values }]) => [
        name,
        { dtype: 'F32', shape, data: new Uint8Array(Float32Array.from(values).buffer) },
      ]),
    ),
    'config.json': JSON.stringify({ text_config: { num_attention_heads: config.text.heads } }),
    'vocab.txt': `${vocabulary.join('\n')}\n`,
  };
}

/** Its files below a folder. */
export function below(folder: string, files: Partial<MedClipFolder>): Record<string, string | Uint8Array> {
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [`${folder}/${name}`, content]));
}
